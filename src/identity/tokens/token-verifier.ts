import { decodeJwt } from 'jose';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import { tokenRefused } from '../identity.errors.js';
import type { TokenCheck, VerifiedToken } from './verified-token.js';

export const MAX_TOKEN_CHARACTERS = 8 * 1024;
const CACHED_TOKENS = 20_000;
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Verifies tokens and remembers the good ones until they expire (the least recently used give way), so that a signature
 * is checked once per token. Whether the session still lives, or its holder has logged out, is another question, asked
 * on every request.
 */
export class TokenVerifier {
  readonly #verified = new LRUCache<string, VerifiedToken>({ max: CACHED_TOKENS });
  /** Counts how often keys have changed: a check that began before must not be remembered after. */
  #keysVersion = 0;

  constructor(
    /** Who checks the tokens of which issuer (claim iss); nobody else's are taken. */
    private readonly checks: ReadonlyMap<string, TokenCheck>,
    private readonly clock: Clock,
  ) {}

  /**
   * Answers without a promise when the token is known; throws or rejects with `invalid_token`, `expired_token` or
   * `issuer_unavailable`.
   */
  verify(token: string): VerifiedToken | Promise<VerifiedToken> {
    const known = this.#verified.get(token);
    if (known === undefined) return this.#check(token);
    if (this.clock.now() < known.expiresAt) return known;
    this.#verified.delete(token);
    throw tokenRefused('expired_token');
  }

  /** Keys have changed: every token has to show again that one of them signed it. */
  forget(): void {
    this.#keysVersion += 1;
    this.#verified.clear();
  }

  async #check(token: string): Promise<VerifiedToken> {
    if (token.length > MAX_TOKEN_CHARACTERS || !COMPACT_JWS.test(token)) throw tokenRefused('invalid_token');
    const version = this.#keysVersion;
    const verified = await this.#checkOf(token).check(token);
    if (version === this.#keysVersion) this.#verified.set(token, verified);
    return verified;
  }

  /** Looks at the claims before anything vouches for them, only to choose who has to; the check pins the issuer. */
  #checkOf(token: string): TokenCheck {
    const check = this.checks.get(unverifiedIssuerOf(token));
    if (check === undefined) throw tokenRefused('invalid_token');
    return check;
  }
}

function unverifiedIssuerOf(token: string): string {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : '';
  } catch {
    return '';
  }
}
