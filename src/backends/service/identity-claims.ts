import { z } from 'zod';
import { IDENTITY_KINDS, identityInvalid, type Identity, type IdentityKind } from './identity.js';

export const GATEWAY = 'genoflow-gateway';
export const PEER = 'genoflow-peer';
export const AUDIENCE = 'genoflow-backends';
/** Access tokens, which the gateway signs by the same keys, have another type (RFC 8725 section 3.11). */
export const TYPE = 'genoflow-identity+jwt';
export const MAX_LIFE_SECONDS = 60;
export const CLOCK_SKEW_SECONDS = 5;

// Strict: jku, jwk, x5u, x5c and crit are refused whatever they hold.
const HEADER = z.strictObject({ alg: z.literal('HS256'), typ: z.literal(TYPE) }).or(
  z.strictObject({
    alg: z.enum(['RS256', 'ES256', 'EdDSA']),
    typ: z.literal(TYPE),
    kid: z.string().min(1).max(128),
  }),
);

/** A NumericDate (RFC 7519 section 2) that a clock can have shown. */
const seconds = z.int().min(0).max(9_999_999_999);

const CLAIMS = z.object({
  iss: z.enum([GATEWAY, PEER]),
  // One audience: a list could hold others besides.
  aud: z.literal(AUDIENCE),
  sub: z.string().min(1).max(128),
  kind: z.enum(IDENTITY_KINDS),
  name: z.string().max(256),
  sid: z.string().max(256),
  roles: z.array(z.string().max(64)).max(64),
  projects: z.array(z.string().max(64)).max(256),
  iat: seconds,
  exp: seconds,
});

/** Nobody vouches for another but on behalf of a user. */
const MAY_NAME: Readonly<Record<typeof GATEWAY | typeof PEER, readonly IdentityKind[]>> = {
  [GATEWAY]: ['user', 'gateway'],
  [PEER]: ['user', 'peer'],
};

interface Life {
  /** Epoch seconds. */
  readonly iat: number;
  readonly exp: number;
}

/** Reads a token whose signature holds; throws where it is not of our form. */
export function identityFrom(header: unknown, payload: unknown): Life & { readonly identity: Identity } {
  HEADER.parse(header);
  const { iss, kind, sub: userId, name: username, sid: sessionId, roles, projects, iat, exp } = CLAIMS.parse(payload);
  if (!MAY_NAME[iss].includes(kind)) throw identityInvalid();
  return { identity: { kind, userId, username, sessionId, roles, projects }, iat, exp };
}

/** `now` in epoch seconds. */
export const isCurrent = ({ iat, exp }: Life, now: number): boolean =>
  exp > now - CLOCK_SKEW_SECONDS && iat <= now + CLOCK_SKEW_SECONDS && exp > iat && exp - iat <= MAX_LIFE_SECONDS;
