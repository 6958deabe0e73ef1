import { z } from 'zod';
import type { Rights } from '../../kernel/principal.js';
import type { RecordSeal } from '../record-seal.js';
import type { Session } from './session.js';
import type { SessionLife } from './session-life.js';

const FIXED_FIELDS = ['name', 'display', 'created', 'expires', 'family', 'seal'] as const;
const RIGHTS_FIELDS = ['rights', 'rights_seal', 'idle'] as const;
const MOVING_FIELDS = ['seen', 'refresh'] as const;

/** Of a session's hash, in the order in which `read` takes their values. */
export const SESSION_FIELDS = [...FIXED_FIELDS, ...RIGHTS_FIELDS, ...MOVING_FIELDS];

type Value = string | number;

const time = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const name = z.string().max(512);
const VALUES = z.tuple([
  ...([name, name, time, time, digest, digest] as const),
  ...([z.string().max(32_768), digest, z.string()] as const),
  ...([time, digest] as const),
]);
const RIGHTS = z.object({
  roles: z.array(z.string().max(64)).max(64),
  projects: z.array(z.string().max(64)).max(256),
});

/**
 * A session as Redis keeps it. What a login fixed and the rights are sealed each by itself, since rights change; when it
 * was last seen only shortens its life, its newest refresh token is of no use without the family's secret, and how long
 * it may be idle is there for the scripts: what is read goes by the roles.
 */
export class SessionRecord {
  constructor(
    private readonly seal: RecordSeal,
    private readonly life: SessionLife,
  ) {}

  /** Field, value, field, value, ... */
  write({ principal, displayName, createdAt, lastSeenAt, expiresAt, familyHash, refreshHash }: Session): Value[] {
    const { userId, sessionId, username } = principal;
    const fixed = [username, displayName, createdAt, expiresAt, familyHash];
    return [
      ...paired(FIXED_FIELDS, [...fixed, this.seal.of(userId, sessionId, ...fixed)]),
      ...this.writeRights(userId, sessionId, principal),
      ...paired(MOVING_FIELDS, [lastSeenAt, refreshHash]),
    ];
  }

  /** The fields that change with the rights, and their values. */
  writeRights(userId: string, sessionId: string, { roles, projects }: Rights): Value[] {
    const text = JSON.stringify({ roles, projects });
    return paired(RIGHTS_FIELDS, [text, this.seal.of(userId, sessionId, text), this.life.idleMsOf(roles)]);
  }

  /** Undefined for what no gateway wrote as this user's session. */
  read(userId: string, sessionId: string, values: unknown): Session | undefined {
    const kept = VALUES.safeParse(values);
    if (!kept.success) return undefined;
    const [username, displayName, createdAt, expiresAt, familyHash, seal, text, rightsSeal, , lastSeenAt, refreshHash] =
      kept.data;
    if (!this.seal.holds(seal, userId, sessionId, username, displayName, createdAt, expiresAt, familyHash))
      return undefined;
    if (!this.seal.holds(rightsSeal, userId, sessionId, text)) return undefined;
    const rights = RIGHTS.parse(JSON.parse(text));
    const idleMs = this.life.idleMsOf(rights.roles);
    const principal = { userId, username, sessionId, ...rights };
    return { principal, displayName, createdAt, lastSeenAt, idleMs, expiresAt, familyHash, refreshHash };
  }
}

const paired = (fields: readonly string[], values: readonly Value[]): Value[] =>
  fields.flatMap((field, index) => [field, values[index] ?? '']);
