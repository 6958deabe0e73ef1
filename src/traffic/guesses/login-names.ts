import { createHmac, hkdfSync } from 'node:crypto';
import { addressKey } from '../limits/caller-key.js';

/**
 * Whom a guess at a password is counted for, as a keyed hash (HMAC-SHA256): names that were typed, some of which are
 * passwords in the wrong box, and addresses stay out of the store.
 */
export class LoginNames {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'genoflow login guesses', 32));
  }

  /** Names are compared as the auth service compares them: NFKC, lower case. */
  account(username: string): string {
    return this.#hashed('account', username.normalize('NFKC').toLowerCase());
  }

  /** IPv6 by its /64. */
  address(address: string): string {
    return this.#hashed('address', addressKey(address));
  }

  #hashed(kind: string, name: string): string {
    return `{${kind}:${createHmac('sha256', this.#key).update(`${kind} ${name}`).digest('base64url')}}`;
  }
}
