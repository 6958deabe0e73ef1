import type { Principal } from '../../kernel/principal.js';
import { tokenRefused } from '../identity.errors.js';
import type { LiveSessions } from '../sessions/live-sessions.js';
import type { AccessClaims } from '../tokens/access-claims.js';
import type { AccessTokenVerifier } from '../tokens/access-token-verifier.js';
import { readBearerToken } from './bearer-token.js';

/** Proves who is calling: a good access token of a session that still lives. */
export class Authenticator {
  constructor(
    private readonly tokens: AccessTokenVerifier,
    private readonly sessions: LiveSessions,
  ) {}

  /**
   * Takes the request's fields as a flat list. Answers without a promise when token and session are known; throws or
   * rejects with `unauthenticated`, `invalid_token`, `expired_token`, `session_ended` or `state_unavailable`.
   */
  authenticate(requestFields: readonly string[]): Principal | Promise<Principal> {
    const claims = this.tokens.verify(readBearerToken(requestFields));
    return claims instanceof Promise ? claims.then((known) => this.#principalOf(known)) : this.#principalOf(claims);
  }

  #principalOf(claims: AccessClaims): Principal | Promise<Principal> {
    const principal = this.sessions.principalOf(claims.userId, claims.sessionId);
    return principal instanceof Promise ? principal.then(stillAlive) : stillAlive(principal);
  }
}

function stillAlive(principal: Principal | undefined): Principal {
  if (principal === undefined) throw tokenRefused('session_ended');
  return principal;
}
