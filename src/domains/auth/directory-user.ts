import { z } from 'zod';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { IDENTIFIER, PROJECT_ID } from '../../kernel/identifiers.js';
import { ALL_PROJECTS } from '../../kernel/principal.js';

/** A user as the auth service tells it. */
export interface DirectoryUser {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly roles: readonly string[];
  readonly projects: readonly string[];
  readonly disabled: boolean;
}

// The auth service is not trusted with more than its contract: ids become keys and header fields, roles become header
// fields and claims, so both are held to their characters and everything to a size. Unknown members are dropped.
const USER = z
  .object({
    id: z.string().regex(IDENTIFIER),
    username: z.string().min(1).max(128),
    display_name: z.string().max(256).nullish(),
    roles: z.array(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/)).max(32),
    // An auth service that knows no projects has users of all of them.
    projects: z
      .array(z.union([z.literal(ALL_PROJECTS), z.string().regex(PROJECT_ID)]))
      .max(256)
      .default([ALL_PROJECTS]),
    disabled: z.boolean(),
  })
  .transform(({ display_name, ...user }): DirectoryUser => ({ ...user, displayName: display_name ?? user.username }));
const LOGIN_ANSWER = z.object({ user: USER }).transform(({ user }) => user);

/** Reads the body of a user record; throws `upstream_bad_response`. */
export const readUser = (body: Buffer): DirectoryUser => read(USER, body);

/** Reads the body of an accepted login; throws `upstream_bad_response`. */
export const readLoginAnswer = (body: Buffer): DirectoryUser => read(LOGIN_ANSWER, body);

function read(schema: z.ZodType<DirectoryUser>, body: Buffer): DirectoryUser {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    // Without the cause: it would carry the user's name into the operators' logs.
    throw new GatewayError('upstream_bad_response');
  }
}
