import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { readJsonFile, type FileReading } from './json-file.js';

/** Asymmetric only: an external issuer shares no secret with the gateway. */
export const EXTERNAL_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type ExternalAlgorithm = (typeof EXTERNAL_ALGORITHMS)[number];

/** An OpenID provider whose access tokens are taken, and what its claims mean here. */
export interface ExternalIssuer {
  /** As its tokens and its discovery document state it, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly ExternalAlgorithm[];
  /** Path of the claim that lists roles, its steps joined by dots; a name that holds dots itself is found all the same. */
  readonly rolesClaim: string;
  /** Their role to ours; what is not here grants nothing. */
  readonly roles: ReadonlyMap<string, string>;
  /** Path of the claim that lists projects; undefined: its users belong to all. */
  readonly projectsClaim: string | undefined;
  readonly userIdClaim: string;
  readonly usernameClaim: string | undefined;
}

const MAX_ISSUERS = 16;
const MAX_ROLES = 256;
const OUR_ROLE = /^[a-z][a-z0-9_-]{0,63}$/;

/** http is for issuers on this very machine; there is nobody on the way. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));

function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#@\s]/.test(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

const claim = z.string().min(1).max(256);

const ISSUER = z
  .strictObject({
    issuer: z.string().max(512).refine(isIssuer, 'must be an https URL without query and fragment'),
    audience: z.string().min(1).max(512),
    algorithms: z.array(z.enum(EXTERNAL_ALGORITHMS)).min(1).default(['RS256', 'ES256', 'EdDSA']),
    roles_claim: claim,
    roles: z
      .record(claim, z.string().regex(OUR_ROLE, 'must be a role of the gateway'))
      .refine((roles) => Object.keys(roles).length <= MAX_ROLES, `must have at most ${MAX_ROLES} members`),
    projects_claim: claim.optional(),
    user_id_claim: claim.default('sub'),
    username_claim: claim.optional(),
  })
  .transform((file): ExternalIssuer => ({
    issuer: file.issuer,
    audience: file.audience,
    algorithms: file.algorithms,
    rolesClaim: file.roles_claim,
    roles: new Map(Object.entries(file.roles)),
    projectsClaim: file.projects_claim,
    userIdClaim: file.user_id_claim,
    usernameClaim: file.username_claim,
  }));

/** Reads the list of issuers whose tokens are taken; none may be the gateway itself. */
export function readExternalIssuers(path: string, ownIssuer: string): FileReading<readonly ExternalIssuer[]> {
  const schema = z
    .array(ISSUER, 'the file cannot be read as JSON of at most 256 KiB that holds an array')
    .max(MAX_ISSUERS)
    .refine((all) => new Set(all.map(({ issuer }) => issuer)).size === all.length, 'every issuer must be another')
    .refine((all) => all.every(({ issuer }) => issuer !== ownIssuer), 'no issuer may be JWT_ISSUER');
  return readJsonFile('OIDC_ISSUERS_FILE', path, schema);
}
