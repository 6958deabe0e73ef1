import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ALL_PROJECTS, PROJECT_ID } from '../service/resource-access.js';

const MAX_USERS = 10_000;
const ARGON2ID = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;

const SEED = z
  .strictObject({
    username: z.string().min(1).max(128),
    display_name: z.string().max(256).optional(),
    roles: z.array(z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/)).max(32),
    projects: z
      .array(z.union([z.literal(ALL_PROJECTS), z.string().regex(PROJECT_ID, 'must be the id of a project')]))
      .max(256)
      .default([ALL_PROJECTS]),
    disabled: z.boolean().default(false),
    password_hash: z.string().max(512).regex(ARGON2ID, 'must be an argon2id hash in PHC form').optional(),
    password: z.string().min(1).max(1024).optional(),
  })
  .refine((seed) => (seed.password === undefined) !== (seed.password_hash === undefined), {
    message: 'has either password_hash or password',
  });

export type UserSeed = z.output<typeof SEED>;

/** The users cannot be known; the service must not start. Quotes no value of the file. */
export class UsersError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsersError';
  }
}

/** One user per role, all with the password `password`: what a bare machine starts with. */
const DEMO_USERS: readonly UserSeed[] = [
  ['admin', 'Administrator'],
  ['analyst', 'Analyst'],
  ['technician', 'Technician'],
  ['clinician', 'Clinician'],
  ['viewer', 'Viewer'],
].map(([role = '', name = '']) => ({
  username: role,
  display_name: name,
  roles: [role],
  projects: [ALL_PROJECTS],
  disabled: false,
  password: 'password',
}));

/**
 * The users of AUTH_USERS_FILE: a JSON array of `{username, display_name?, roles, projects?, disabled?, password_hash}`. Without a
 * file the demo users, and `password` in place of `password_hash`, but both outside production only.
 */
export async function readUserSeeds(file: string | undefined, production: boolean): Promise<readonly UserSeed[]> {
  if (file === undefined) {
    if (production)
      throw new UsersError('AUTH_USERS_FILE: is required in production; the demo users exist outside it only.');
    return DEMO_USERS;
  }
  const seeds = z
    .array(SEED)
    .min(1)
    .max(MAX_USERS)
    .safeParse(await readJson(file));
  if (!seeds.success) {
    const faults = seeds.error.issues.slice(0, 20).map((issue) => `  - ${issue.path.join('.')}: ${issue.message}`);
    throw new UsersError(`AUTH_USERS_FILE: is not a list of users:\n${faults.join('\n')}`);
  }
  if (production && seeds.data.some((seed) => seed.password !== undefined)) {
    throw new UsersError('AUTH_USERS_FILE: in production users have a password_hash, never a password.');
  }
  const accounts = new Set(seeds.data.map((seed) => accountOf(seed.username)));
  if (accounts.size !== seeds.data.length) throw new UsersError('AUTH_USERS_FILE: names a user twice.');
  return seeds.data;
}

/** The form in which user names are compared. */
export const accountOf = (username: string): string => username.normalize('NFKC').toLowerCase();

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read';
    throw new UsersError(`AUTH_USERS_FILE: ${reason}.`);
  }
}
