import { z } from 'zod';
import { IDENTIFIER } from '../../kernel/identifiers.js';
import { GRANTABLE_SCOPES, type Permission } from '../../kernel/permissions.js';
import type { Principal } from '../../kernel/principal.js';

/** A service's credential as it is kept: never the secret itself. Times are epoch milliseconds. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Permission[];
  /** Those of whoever made it, at that time. */
  readonly projects: readonly string[];
  /** User id of whoever made it. */
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** To the hour; undefined while it has not been used. */
  readonly lastUsedAt: number | undefined;
  readonly secretHash: Buffer;
  /** Whom its holder acts as: the key, not its maker. */
  readonly principal: Principal;
}

/** Keys at once, of everybody together; a key that has expired or was revoked does not count. */
export const MAX_API_KEYS = 500;

/** Use of a key is noted this often. */
export const USE_NOTED_EVERY_MS = 3_600_000;

const SHA256_BYTES = 32;

/** An API key as text, for whatever keeps it. */
export const KEPT_API_KEY = z
  .object({
    id: z.string().regex(IDENTIFIER),
    name: z.string().min(1).max(64),
    scopes: z.array(z.enum(GRANTABLE_SCOPES)),
    projects: z.array(z.string().max(64)).max(256),
    created_by: z.string(),
    created_at: z.coerce.number(),
    expires_at: z.coerce.number(),
    last_used_at: z.coerce.number().optional(),
    secret_hash: z.string(),
  })
  .transform((kept): ApiKey =>
    apiKeyFrom({
      id: kept.id,
      name: kept.name,
      scopes: kept.scopes,
      projects: kept.projects,
      createdBy: kept.created_by,
      createdAt: kept.created_at,
      expiresAt: kept.expires_at,
      lastUsedAt: kept.last_used_at,
      secretHash: Buffer.from(kept.secret_hash, 'base64url'),
    }),
  )
  .refine(({ secretHash }) => secretHash.length === SHA256_BYTES);

export const keptFrom = (key: ApiKey): z.input<typeof KEPT_API_KEY> & Record<string, unknown> => ({
  id: key.id,
  name: key.name,
  scopes: [...key.scopes] as z.input<typeof KEPT_API_KEY>['scopes'],
  projects: [...key.projects],
  created_by: key.createdBy,
  created_at: key.createdAt,
  expires_at: key.expiresAt,
  ...(key.lastUsedAt === undefined ? {} : { last_used_at: key.lastUsedAt }),
  secret_hash: key.secretHash.toString('base64url'),
});

export function apiKeyFrom(parts: Omit<ApiKey, 'principal'>): ApiKey {
  const { id, name, scopes, projects } = parts;
  const principal = { userId: id, username: name, sessionId: '', roles: ['service'], projects, scopes };
  return { ...parts, principal };
}

export const isUseDue = ({ lastUsedAt }: ApiKey, now: number): boolean =>
  lastUsedAt === undefined || now - lastUsedAt >= USE_NOTED_EVERY_MS;
