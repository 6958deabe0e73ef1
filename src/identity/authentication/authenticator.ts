import type { Principal } from '../../kernel/principal.js';
import type { ApiKeyAuthenticator } from '../api-keys/api-key-authenticator.js';
import { forbidden, tokenRefused } from '../identity.errors.js';
import type { RevokedTokens } from '../revocation/revoked-tokens.js';
import type { LiveSessions } from '../sessions/live-sessions.js';
import type { TokenVerifier } from '../tokens/token-verifier.js';
import type { ExternalToken, VerifiedToken } from '../tokens/verified-token.js';
import { readBearerToken } from './bearer-token.js';

/**
 * Proves who is calling: by an API key, a good access token of a session that still lives, or a good token of an external
 * issuer that has not been taken back. The form of the token says who decides; whoever decides is the only one asked.
 */
export class Authenticator {
  constructor(
    private readonly apiKeys: ApiKeyAuthenticator,
    private readonly tokens: TokenVerifier,
    private readonly sessions: LiveSessions,
    private readonly revoked: RevokedTokens,
  ) {}

  /**
   * Takes the request's fields as a flat list. Answers without a promise when all there is to know is known; throws or
   * rejects with `unauthenticated`, `invalid_token`, `expired_token`, `session_ended`, `issuer_unavailable` or
   * `state_unavailable`.
   */
  authenticate(requestFields: readonly string[]): Principal | Promise<Principal> {
    const token = readBearerToken(requestFields);
    if (this.apiKeys.isResponsible(token)) return this.apiKeys.principalOf(token);
    const verified = this.tokens.verify(token);
    return verified instanceof Promise
      ? verified.then((known) => this.#principalOf(known))
      : this.#principalOf(verified);
  }

  /** Takes back the token of an external issuer that the caller came with; sessions and API keys end otherwise. */
  async takeBack(requestFields: readonly string[]): Promise<void> {
    const token = readBearerToken(requestFields);
    const verified = this.apiKeys.isResponsible(token) ? undefined : await this.tokens.verify(token);
    if (verified?.kind !== 'external') throw forbidden('An API key ends when it expires or is revoked.');
    await this.revoked.add(verified.digest, verified.expiresAt);
  }

  #principalOf(token: VerifiedToken): Principal | Promise<Principal> {
    if (token.kind === 'session') {
      const principal = this.sessions.principalOf(token.userId, token.sessionId);
      return principal instanceof Promise ? principal.then(stillAlive) : stillAlive(principal);
    }
    const isGood = this.revoked.isGood(token.digest);
    return isGood instanceof Promise ? isGood.then((good) => holderOf(token, good)) : holderOf(token, isGood);
  }
}

const holderOf = (token: ExternalToken, isGood: boolean): Principal => stillAlive(isGood ? token.principal : undefined);

function stillAlive(principal: Principal | undefined): Principal {
  if (principal === undefined) throw tokenRefused('session_ended');
  return principal;
}
