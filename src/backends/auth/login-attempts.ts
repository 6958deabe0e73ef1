import { and, eq, lt, lte, or, sql } from 'drizzle-orm';
import type { BackendClock } from '../service/clock.js';
import type { Database } from '../service/database.js';
import { loginAttempts } from './auth.tables.js';

export const MAX_FAILURES = 10;
export const WINDOW_MS = 15 * 60_000;

/**
 * Wrong guesses per account, in SQL so that several services share the count. A guess is counted before it is checked:
 * of any number of parallel guesses only ten are looked at. The count falls back when the window ends, by itself.
 */
export class LoginAttempts {
  constructor(
    private readonly database: Database,
    private readonly clock: BackendClock,
  ) {}

  /** Counts one guess; otherwise the seconds until the account opens again. */
  async take(account: string): Promise<{ taken: true } | { taken: false; retryAfterSeconds: number }> {
    const now = new Date(this.clock.now());
    const windowEndsAt = new Date(now.getTime() + WINDOW_MS);
    const isOver = sql`${loginAttempts.windowEndsAt} <= ${now.toISOString()}::timestamptz`;
    const counted = await this.database
      .insert(loginAttempts)
      .values({ account, failures: 1, windowEndsAt })
      .onConflictDoUpdate({
        target: loginAttempts.account,
        set: {
          failures: sql`case when ${isOver} then 1 else ${loginAttempts.failures} + 1 end`,
          windowEndsAt: sql`case when ${isOver} then ${windowEndsAt.toISOString()}::timestamptz else ${loginAttempts.windowEndsAt} end`,
        },
        setWhere: or(lte(loginAttempts.windowEndsAt, now), lt(loginAttempts.failures, MAX_FAILURES)),
      })
      .returning({ failures: loginAttempts.failures });
    if (counted.length > 0) return { taken: true };
    return { taken: false, retryAfterSeconds: await this.secondsLeft(account, now) };
  }

  /** Forgets the account's guesses: somebody knew the password. */
  async reset(account: string): Promise<void> {
    await this.database.delete(loginAttempts).where(eq(loginAttempts.account, account));
  }

  /** Removes the rows whose window has ended. */
  async sweep(): Promise<void> {
    await this.database.delete(loginAttempts).where(and(lte(loginAttempts.windowEndsAt, new Date(this.clock.now()))));
  }

  private async secondsLeft(account: string, now: Date): Promise<number> {
    const [row] = await this.database.select().from(loginAttempts).where(eq(loginAttempts.account, account));
    const left = (row?.windowEndsAt.getTime() ?? now.getTime()) - now.getTime();
    return Math.max(1, Math.ceil(left / 1000));
  }
}
