import { createHmac } from 'node:crypto';
import { BackendProblem } from '../service/problem.js';
import type { UserRow } from './auth.tables.js';
import type { LoginAttempts } from './login-attempts.js';
import type { PasswordHasher } from './password-hasher.js';
import type { UserStore } from './user-store.js';
import { accountOf } from './users-file.js';

/** Unknown names share this many counters, so that made-up names cannot fill the table. */
const UNKNOWN_BUCKETS = 65_536;

interface InFlight {
  count: number;
  waiting: (() => void)[];
}

/**
 * Checks a password. A wrong password, an unknown name and a disabled user take the same way and the same time, and get
 * the same answer.
 */
export class Login {
  // Bounded by the hasher: it refuses callers beyond its queue.
  private readonly inFlight = new Map<string, InFlight>();
  private decoyHash = '';

  constructor(
    private readonly users: UserStore,
    private readonly attempts: LoginAttempts,
    private readonly hasher: PasswordHasher,
    private readonly bucketKey: string,
  ) {}

  /** The hash to be verified in place of an unknown user's. */
  useDecoy(decoyHash: string): void {
    this.decoyHash = decoyHash;
  }

  async check(username: string, password: string): Promise<UserRow> {
    const account = accountOf(username);
    const user = await this.users.findByAccount(account);
    const counter = user?.id ?? this.bucketOf(account);
    await this.count(counter);
    try {
      const isRight = await this.hasher.verify(user?.passwordHash ?? this.decoyHash, password);
      if (user === undefined || !isRight || user.disabled) throw invalidCredentials();
      await this.attempts.reset(counter);
      return user;
    } finally {
      this.leave(counter);
    }
  }

  /**
   * Counts the guess. Where all ten are taken, but by guesses that are still being checked here, it waits for one of
   * them: eleven right logins at the same moment are eleven logins.
   */
  private async count(counter: string): Promise<void> {
    for (;;) {
      const outcome = await this.attempts.take(counter);
      const current = this.inFlight.get(counter);
      if (outcome.taken) {
        this.inFlight.set(counter, { count: (current?.count ?? 0) + 1, waiting: current?.waiting ?? [] });
        return;
      }
      if (current === undefined) throw locked(outcome.retryAfterSeconds);
      if (current.waiting.length >= 256) throw locked(1);
      await new Promise<void>((resolve) => current.waiting.push(resolve));
    }
  }

  private leave(counter: string): void {
    const current = this.inFlight.get(counter);
    if (current === undefined) return;
    current.count -= 1;
    if (current.count === 0) this.inFlight.delete(counter);
    for (const resume of current.waiting.splice(0)) resume();
  }

  private bucketOf(account: string): string {
    const digest = createHmac('sha256', this.bucketKey).update(account).digest();
    return `unknown:${digest.readUInt32BE(0) % UNKNOWN_BUCKETS}`;
  }
}

const invalidCredentials = (): BackendProblem =>
  new BackendProblem(401, 'invalid_credentials', 'The user name or the password is wrong.');

const locked = (retryAfterSeconds: number): BackendProblem =>
  new BackendProblem(
    429,
    'account_locked',
    'Too many wrong passwords; try again later.',
    {},
    { 'retry-after': String(retryAfterSeconds) },
  );
