import { z } from 'zod';
import type { Rights } from '../../kernel/principal.js';
import type { RecordSeal } from '../record-seal.js';
import type { Session } from './session.js';

/** Of a session's hash, in the order in which `read` takes their values. */
export const SESSION_FIELDS = [
  ...(['name', 'display', 'created', 'expires', 'family', 'seal'] as const),
  ...(['rights', 'rights_seal', 'seen', 'refresh'] as const),
];

const time = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const name = z.string().max(512);
const VALUES = z.tuple([name, name, time, time, digest, digest, z.string().max(32_768), digest, time, digest]);
const RIGHTS = z.object({
  roles: z.array(z.string().max(64)).max(64),
  projects: z.array(z.string().max(64)).max(256),
});

/**
 * A session as Redis keeps it. What a login fixed and the rights are sealed each by itself, since rights change; when it
 * was last seen only shortens its life, and its newest refresh token is of no use without the family's secret.
 */
export class SessionRecord {
  constructor(private readonly seal: RecordSeal) {}

  /** Field, value, field, value, ... */
  write({ principal, displayName, createdAt, lastSeenAt, expiresAt, familyHash, refreshHash }: Session) {
    const { userId, sessionId, username, roles, projects } = principal;
    const fixed = [username, displayName, createdAt, expiresAt, familyHash];
    const values = [
      ...fixed,
      this.seal.of(userId, sessionId, ...fixed),
      ...this.writeRights(userId, sessionId, { roles, projects }),
      ...[lastSeenAt, refreshHash],
    ];
    return SESSION_FIELDS.flatMap((field, index) => [field, values[index] ?? '']);
  }

  /** The values of `rights` and `rights_seal`. */
  writeRights(userId: string, sessionId: string, rights: Rights): [string, string] {
    const text = JSON.stringify(rights);
    return [text, this.seal.of(userId, sessionId, text)];
  }

  /** Undefined for what no gateway wrote as this user's session. */
  read(userId: string, sessionId: string, values: unknown): Session | undefined {
    const kept = VALUES.safeParse(values);
    if (!kept.success) return undefined;
    const [username, displayName, createdAt, expiresAt, familyHash, seal, text, rightsSeal, lastSeenAt, refreshHash] =
      kept.data;
    if (!this.seal.holds(seal, userId, sessionId, username, displayName, createdAt, expiresAt, familyHash))
      return undefined;
    if (!this.seal.holds(rightsSeal, userId, sessionId, text)) return undefined;
    const principal = { userId, username, sessionId, ...RIGHTS.parse(JSON.parse(text)) };
    return { principal, displayName, createdAt, lastSeenAt, expiresAt, familyHash, refreshHash };
  }
}
