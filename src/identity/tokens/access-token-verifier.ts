import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import { tokenRefused } from '../identity.errors.js';
import type { AccessClaims } from './access-claims.js';

export const MAX_TOKEN_CHARACTERS = 8 * 1024;
const CACHED_TOKENS = 20_000;
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** The costly check behind the cache. */
export interface TokenCheck {
  check(token: string): Promise<AccessClaims>;
}

/**
 * Verifies access tokens and remembers the good ones until they expire (the least recently used give way), so that a
 * signature is checked once per token. Whether the session still lives is another question, asked on every request.
 */
export class AccessTokenVerifier {
  readonly #verified = new LRUCache<string, AccessClaims>({ max: CACHED_TOKENS });

  constructor(
    private readonly strategy: TokenCheck,
    private readonly clock: Clock,
  ) {}

  /** Answers without a promise when the token is known; throws or rejects with `invalid_token` or `expired_token`. */
  verify(token: string): AccessClaims | Promise<AccessClaims> {
    const known = this.#verified.get(token);
    if (known === undefined) return this.#check(token);
    if (this.clock.now() < known.expiresAt) return known;
    this.#verified.delete(token);
    throw tokenRefused('expired_token');
  }

  async #check(token: string): Promise<AccessClaims> {
    if (token.length > MAX_TOKEN_CHARACTERS || !COMPACT_JWS.test(token)) throw tokenRefused('invalid_token');
    const claims = await this.strategy.check(token);
    this.#verified.set(token, claims);
    return claims;
  }
}
