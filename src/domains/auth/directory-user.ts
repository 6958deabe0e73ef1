import { z } from 'zod';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { IDENTIFIER, PROJECT_ID } from '../../kernel/identifiers.js';
import { ALL_PROJECTS, type Rights } from '../../kernel/principal.js';

/** A user as the auth service tells it. */
export interface DirectoryUser {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly projects: readonly string[];
  readonly disabled: boolean;
}

/** What has become of a user. */
export interface UserChange extends Rights {
  readonly id: string;
  readonly disabled: boolean;
}

export interface UserChangesPage {
  /** Where the next page begins; opaque. */
  readonly cursor: string;
  readonly users: readonly UserChange[];
  /** Ids of users whose rights are not in the form agreed on. */
  readonly unreadable: readonly string[];
}

// The auth service is not trusted with more than its contract: ids become keys and header fields, roles become header
// fields and claims, so both are held to their characters and everything to a size. Unknown members are dropped.
const CHANGE = z.object({
  id: z.string().regex(IDENTIFIER),
  roles: z.array(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/)).max(32),
  // An auth service that knows no projects has users of all of them.
  projects: z
    .array(z.union([z.literal(ALL_PROJECTS), z.string().regex(PROJECT_ID)]))
    .max(256)
    .default([ALL_PROJECTS]),
  disabled: z.boolean(),
});
const USER = CHANGE.extend({
  username: z.string().min(1).max(128),
  display_name: z.string().max(256).nullish(),
}).transform(({ display_name, ...user }): DirectoryUser => ({ ...user, displayName: display_name ?? user.username }));
const PAGE = z.object({ cursor: z.string().min(1).max(256), users: z.array(z.unknown()).max(1_000) });
// One user whose record is spoilt must not keep the others' changes from being heard; that a user is disabled is clear
// whatever stands beside it.
const DISABLED = CHANGE.pick({ id: true })
  .extend({ disabled: z.literal(true) })
  .transform((user): UserChange => ({ ...user, roles: [], projects: [] }));
const NAMED = CHANGE.pick({ id: true }).transform(({ id }) => id);
const LOGIN_ANSWER = z.object({ user: USER }).transform(({ user }) => user);

/** Reads the body of a user record; throws `upstream_bad_response`. */
export const readUser = (body: Buffer): DirectoryUser => read(USER, body);

/** Reads the body of an accepted login; throws `upstream_bad_response`. */
export const readLoginAnswer = (body: Buffer): DirectoryUser => read(LOGIN_ANSWER, body);

/** Reads the body of a page of changes; throws `upstream_bad_response`. */
export function readChanges(body: Buffer): UserChangesPage {
  const { cursor, users } = read(PAGE, body);
  const told = users.map((user) => ({ change: z.union([CHANGE, DISABLED]).safeParse(user).data, user }));
  return {
    cursor,
    users: told.flatMap(({ change }) => change ?? []),
    // Who has no id that can be read has no session either.
    unreadable: told.flatMap(({ change, user }) => (change === undefined ? (NAMED.safeParse(user).data ?? []) : [])),
  };
}

function read<Content>(schema: z.ZodType<Content>, body: Buffer): Content {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    // Without the cause: it would carry the user's name into the operators' logs.
    throw new GatewayError('upstream_bad_response');
  }
}
