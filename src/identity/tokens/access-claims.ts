import { z } from 'zod';
import { IDENTIFIER } from '../../kernel/identifiers.js';
import { tokenRefused } from '../identity.errors.js';
import { ACCESS_TOKEN_TYPE, CLOCK_SKEW_SECONDS, OWN_ALGORITHMS } from './token-keys.js';
import type { SessionToken } from './verified-token.js';

/** A NumericDate (RFC 7519 section 2) that a clock can have shown. */
export const seconds = z.int().min(0).max(9_999_999_999);

// Strict in both parts: a token of ours has these members and no others, so jku, x5u, x5c, jwk and crit are refused
// whatever they hold.
const TOKEN = z.object({
  protectedHeader: z.strictObject({
    alg: z.enum(OWN_ALGORITHMS),
    typ: z.literal(ACCESS_TOKEN_TYPE),
    kid: z.string().optional(),
  }),
  payload: z.strictObject({
    sub: z.string().regex(IDENTIFIER),
    sid: z.string().regex(IDENTIFIER),
    roles: z.array(z.string().max(64)).max(64),
    name: z.string().max(256),
    iss: z.string(),
    aud: z.string(),
    jti: z.string().min(1).max(128),
    iat: seconds,
    exp: seconds,
  }),
});

/** Reads a token whose signature, issuer and audience hold; throws `invalid_token` or `expired_token`. */
export function readAccessClaims(token: unknown, now: number): SessionToken {
  const parsed = TOKEN.safeParse(token);
  if (!parsed.success) throw tokenRefused('invalid_token');
  const { sub, sid, iat, exp } = parsed.data.payload;
  if (iat > now / 1000 + CLOCK_SKEW_SECONDS || exp <= iat) throw tokenRefused('invalid_token');
  const expiresAt = (exp + CLOCK_SKEW_SECONDS) * 1000;
  if (now >= expiresAt) throw tokenRefused('expired_token');
  return { kind: 'session', userId: sub, sessionId: sid, expiresAt };
}
