import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ExternalIssuer } from '../../kernel/config/external-issuers.js';
import { PROJECT_ID } from '../../kernel/identifiers.js';
import { ALL_PROJECTS, type Principal } from '../../kernel/principal.js';
import { tokenRefused } from '../identity.errors.js';
import { seconds } from '../tokens/access-claims.js';
import { CLOCK_SKEW_SECONDS } from '../tokens/token-keys.js';
import { claimAt } from './claim-path.js';

const MAX_LISTED = 1_000;
const MAX_PROJECTS = 256;
const DIGEST_CHARACTERS = 40;

const absent = z.never().optional();

/**
 * Access tokens are typed at+jwt (RFC 9068), JWT or not at all by the issuers in use; logout tokens and the like have
 * types of their own. Whatever would bring its own key or conditions along is refused.
 */
export const EXTERNAL_HEADER = z.looseObject({
  kid: z.string().min(1).max(256),
  typ: z
    .string()
    .regex(/^(application\/)?(at\+)?jwt$/i)
    .optional(),
  jku: absent,
  jwk: absent,
  x5u: absent,
  x5c: absent,
  crit: absent,
  b64: absent,
});

// ID tokens tell themselves by at_hash and c_hash, logout and event tokens by events, Keycloak's by its own typ. A token
// bound to a key (cnf, RFC 7800) is worth nothing to whoever merely bears it, and must not be here.
const PAYLOAD = z.looseObject({
  exp: seconds,
  nbf: seconds.optional(),
  iat: seconds.optional(),
  typ: z.literal('Bearer').optional(),
  at_hash: absent,
  c_hash: absent,
  events: absent,
  cnf: absent,
});

const USER_ID = z.string().min(1).max(512);
const USERNAME = z.string().regex(/^[^\p{C}]{1,128}$/u);

export interface ExternalClaims {
  readonly principal: Principal;
  /** Epoch milliseconds, skew included. */
  readonly expiresAt: number;
}

/** Reads the claims of a token whose signature, issuer, audience and times hold; throws `invalid_token`. */
export function readExternalClaims(claims: unknown, issuer: ExternalIssuer, now: number): ExternalClaims {
  const payload = PAYLOAD.safeParse(claims);
  const theirId = USER_ID.safeParse(claimAt(claims, issuer.userIdClaim));
  if (!payload.success || !theirId.success) throw tokenRefused('invalid_token');
  const { exp, iat } = payload.data;
  if (iat !== undefined && iat > now / 1000 + CLOCK_SKEW_SECONDS) throw tokenRefused('invalid_token');
  const userId = userIdOf(issuer.issuer, theirId.data);
  const name = USERNAME.safeParse(
    issuer.usernameClaim === undefined ? undefined : claimAt(claims, issuer.usernameClaim),
  );
  return {
    principal: {
      userId,
      username: name.data ?? userId,
      sessionId: '',
      roles: rolesOf(claims, issuer),
      projects: projectsOf(claims, issuer),
    },
    expiresAt: (exp + CLOCK_SKEW_SECONDS) * 1000,
  };
}

/** The same person at another issuer is another user here; and no id of our own begins like that. */
function userIdOf(issuer: string, theirId: string): string {
  const digest = createHash('sha256').update(`${issuer}\0${theirId}`).digest('hex');
  return `ext_${digest.slice(0, DIGEST_CHARACTERS)}`;
}

/** A list, or names joined by spaces as in `scope` (RFC 6749 section 3.3); what is not mapped grants nothing. */
function rolesOf(claims: unknown, { rolesClaim, roles }: ExternalIssuer): string[] {
  const ours = listedAt(claims, rolesClaim).map((role) => roles.get(role));
  return [...new Set(ours.filter((role) => role !== undefined))];
}

/** None of an issuer's names can stand for every project. */
function projectsOf(claims: unknown, { projectsClaim }: ExternalIssuer): string[] {
  if (projectsClaim === undefined) return [ALL_PROJECTS];
  const named = listedAt(claims, projectsClaim).filter((project) => PROJECT_ID.test(project));
  return [...new Set(named)].slice(0, MAX_PROJECTS);
}

function listedAt(claims: unknown, path: string): string[] {
  const claim = claimAt(claims, path);
  const listed: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return listed.slice(0, MAX_LISTED).filter((item): item is string => typeof item === 'string');
}
