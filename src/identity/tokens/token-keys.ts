import { createSecretKey, type KeyObject } from 'node:crypto';
import type { IdentitySettings } from '../../kernel/config/settings.js';

export const TOKEN_ALGORITHM = 'HS256';

/** Tells access tokens from every other JWT (RFC 9068 section 2.1, RFC 8725 section 3.11). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

/** Allowed difference between the clocks of the replicas. */
export const CLOCK_SKEW_SECONDS = 5;

/** What signs and verifies access tokens; the key as an object, for a string is turned into one on every call. */
export class TokenKeys {
  readonly key: KeyObject;
  readonly issuer: string;
  readonly audience: string;

  constructor(settings: Pick<IdentitySettings, 'jwtSecret' | 'issuer' | 'audience'>) {
    this.key = createSecretKey(Buffer.from(settings.jwtSecret, 'utf8'));
    this.issuer = settings.issuer;
    this.audience = settings.audience;
  }
}
