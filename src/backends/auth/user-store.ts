import { createHash } from 'node:crypto';
import { eq, notInArray } from 'drizzle-orm';
import type { Database } from '../service/database.js';
import { users, type UserRow } from './auth.tables.js';
import type { PasswordHasher } from './password-hasher.js';
import { accountOf, type UserSeed } from './users-file.js';

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

  async seed(seeds: readonly UserSeed[], hasher: PasswordHasher): Promise<void> {
    const rows = await Promise.all(seeds.map((seed) => this.rowOf(seed, hasher)));
    const accounts = rows.map((row) => row.account);
    await this.database.transaction(async (transaction) => {
      await transaction.update(users).set({ disabled: true }).where(notInArray(users.account, accounts));
      for (const { id, account, ...changes } of rows) {
        await transaction
          .insert(users)
          .values({ id, account, ...changes })
          .onConflictDoUpdate({ target: users.account, set: changes });
      }
    });
  }

  private async rowOf(seed: UserSeed, hasher: PasswordHasher): Promise<UserRow> {
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

/** The same name has the same id in every database, so that sessions outlive a database that was set up anew. */
function userIdOf(account: string): string {
  const digest = createHash('sha256').update(`genoflow user ${account}`).digest('hex');
  return `usr_${digest.slice(0, 26)}`;
}
