import { createSigner, createVerifier } from 'fast-jwt';
import { z } from 'zod';
import type { BackendClock } from './clock.js';
import { identityInvalid, type Identity } from './identity.js';

const AUDIENCE = 'genoflow-backends';
const ISSUERS = ['genoflow-gateway', 'genoflow-peer'] as const;
const MAX_LIFE_SECONDS = 60;
const CLOCK_SKEW_SECONDS = 5;
const MAX_TOKEN_CHARACTERS = 24_576;

const CLAIMS = z.object({
  sub: z.string().min(1).max(128),
  name: z.string().max(256).default(''),
  sid: z.string().max(256).default(''),
  roles: z.array(z.string().max(64)).max(32).default([]),
  projects: z.array(z.string().max(64)).max(256).default([]),
  iat: z.number(),
  exp: z.number(),
});

export type IdentityClaims = Pick<Identity, 'userId' | 'username' | 'sessionId' | 'roles' | 'projects'>;

/** Signs and verifies `x-genoflow-identity`: a JWT (RFC 7519) of at most 60 s, HS256 only, issuer and audience pinned. */
export class IdentityTokens {
  private readonly verifySignature: (token: string) => unknown;
  private readonly signature: (claims: Record<string, unknown>) => string;

  constructor(
    secret: string,
    private readonly clock: BackendClock,
  ) {
    this.signature = createSigner({ key: secret, algorithm: 'HS256' });
    this.verifySignature = createVerifier({
      key: secret,
      algorithms: ['HS256'],
      allowedIss: [...ISSUERS],
      allowedAud: AUDIENCE,
      requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp'],
      // The times are checked below, on the clock that was handed in.
      ignoreExpiration: true,
      ignoreNotBefore: true,
      cache: false,
    }) as (token: string) => unknown;
  }

  sign(claims: IdentityClaims, issuer: (typeof ISSUERS)[number] = 'genoflow-peer'): string {
    const now = Math.floor(this.clock.now() / 1000);
    return this.signature({
      iss: issuer,
      aud: AUDIENCE,
      sub: claims.userId,
      name: claims.username,
      sid: claims.sessionId,
      roles: claims.roles,
      projects: claims.projects,
      iat: now,
      exp: now + MAX_LIFE_SECONDS,
    });
  }

  /** Throws 401 `identity_invalid` for everything that is not a current token of ours. */
  verify(token: string | undefined): Identity {
    if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) throw identityInvalid();
    const claims = this.claimsOf(token);
    const now = this.clock.now() / 1000;
    const current =
      claims.exp > now - CLOCK_SKEW_SECONDS &&
      claims.iat <= now + CLOCK_SKEW_SECONDS &&
      claims.exp - claims.iat <= MAX_LIFE_SECONDS;
    if (!current) throw identityInvalid();
    const { sub: userId, name: username, sid: sessionId, roles, projects } = claims;
    return { userId, username, sessionId, roles, projects, token };
  }

  private claimsOf(token: string): z.output<typeof CLAIMS> {
    try {
      return CLAIMS.parse(this.verifySignature(token));
    } catch {
      throw identityInvalid();
    }
  }
}
