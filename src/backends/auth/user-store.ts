import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { asc, eq, gt, sql } from 'drizzle-orm';
import { rowsOf, type Database } from '../service/database.js';
import { USER_CHANGES_LOCK, users, type UserRow } from './auth.tables.js';
import type { PasswordHasher } from './password-hasher.js';
import { accountOf, type UserSeed } from './users-file.js';

type User = Omit<UserRow, 'version'>;

/** Users whose rights have changed, in the order of their last changes. */
export interface UserChanges {
  readonly users: readonly UserRow[];
  /** `after` of the next question. */
  readonly cursor: number;
}

const CHANGES_AT_ONCE = 200;

/** The users' table; the users file is its source, so a name that left the file is disabled. */
export class UserStore {
  constructor(private readonly database: Database) {}

  async findByAccount(account: string): Promise<UserRow | undefined> {
    return (await this.database.select().from(users).where(eq(users.account, account)))[0];
  }

  async findById(id: string): Promise<UserRow | undefined> {
    return (await this.database.select().from(users).where(eq(users.id, id)))[0];
  }

  async someHash(): Promise<string | undefined> {
    return (await this.database.select().from(users).limit(1))[0]?.passwordHash;
  }

  /** At most 200; undefined where no change has that number yet, as when the database was set up anew. */
  async changesAfter(after: number): Promise<UserChanges | undefined> {
    const changed = await this.database
      .select()
      .from(users)
      .where(gt(users.version, after))
      .orderBy(asc(users.version))
      .limit(CHANGES_AT_ONCE);
    const last = changed.at(-1);
    if (last !== undefined) return { users: changed, cursor: last.version };
    const numbers = sql`select last_value::text as last from auth.user_versions`;
    const [row] = await rowsOf<{ last: string }>(this.database, numbers);
    return after <= Number(row?.last) ? { users: [], cursor: after } : undefined;
  }

  /** Makes the table what the seeds say; gives how many users that changed. */
  async seed(seeds: readonly UserSeed[], hasher: PasswordHasher): Promise<number> {
    const wanted = await Promise.all(seeds.map((seed) => this.rowOf(seed, hasher)));
    return this.database.transaction(async (transaction) => {
      await transaction.execute(sql`select pg_advisory_xact_lock(${sql.raw(USER_CHANGES_LOCK)})`);
      const known = new Map((await transaction.select().from(users)).map((row) => [row.account, row]));
      const changed = [...wanted.filter((row) => !isSame(row, known.get(row.account))), ...withoutSeed(known, wanted)];
      for (const { id, account, ...changes } of changed) {
        if (known.has(account)) await transaction.update(users).set(changes).where(eq(users.account, account));
        else await transaction.insert(users).values({ id, account, ...changes });
      }
      return changed.length;
    });
  }

  private async rowOf(seed: UserSeed, hasher: PasswordHasher): Promise<User> {
    const account = accountOf(seed.username);
    return {
      id: userIdOf(account),
      account,
      username: seed.username,
      displayName: seed.display_name ?? seed.username,
      roles: seed.roles,
      projects: seed.projects,
      passwordHash: seed.password_hash ?? (await this.hashOf(account, seed.password ?? '', hasher)),
      disabled: seed.disabled,
    };
  }

  /** The stored hash where it still fits, so that a restart does not change it under a second service's eyes. */
  private async hashOf(account: string, password: string, hasher: PasswordHasher): Promise<string> {
    const known = (await this.findByAccount(account))?.passwordHash;
    if (known !== undefined && (await hasher.verify(known, password))) return known;
    return hasher.hash(password);
  }
}

/** Those who left the file, as they are to be. */
function withoutSeed(known: ReadonlyMap<string, UserRow>, wanted: readonly User[]): User[] {
  const accounts = new Set(wanted.map(({ account }) => account));
  return [...known.values()]
    .filter((row) => !accounts.has(row.account) && !row.disabled)
    .map(({ version: _version, ...row }) => ({ ...row, disabled: true }));
}

function isSame(wanted: User, known: UserRow | undefined): boolean {
  if (known === undefined) return false;
  const { username, displayName, roles, projects, passwordHash, disabled } = known;
  const { id: _id, account: _account, ...rest } = wanted;
  return isDeepStrictEqual(rest, { username, displayName, roles, projects, passwordHash, disabled });
}

/** The same name has the same id in every database, so that sessions outlive a database that was set up anew. */
function userIdOf(account: string): string {
  const digest = createHash('sha256').update(`genoflow user ${account}`).digest('hex');
  return `usr_${digest.slice(0, 26)}`;
}
