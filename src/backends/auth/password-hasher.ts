import { availableParallelism } from 'node:os';
import { randomBytes } from 'node:crypto';
import { Algorithm, hash, verify, type Options } from '@node-rs/argon2';
import { BackendProblem } from '../service/problem.js';

/** OWASP's first recommendation for argon2id (RFC 9106): 19 MiB, two passes, one lane. */
const DEFAULT_COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const MAX_WAITING = 256;

/**
 * Argon2id with a bound on how many hashes run at once: each takes 19 MiB and a thread for some 20 ms. More callers
 * wait in order; beyond 256 they are refused with 503 `login_busy`.
 */
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limit = Math.max(1, Math.min(4, availableParallelism()))) {}

  hash(password: string): Promise<string> {
    return this.run(() => hash(password, argon2id(DEFAULT_COST)));
  }

  async verify(passwordHash: string, password: string): Promise<boolean> {
    return this.run(() => verify(passwordHash, password));
  }

  /** A hash that no password matches and that costs to verify what `like` costs. */
  decoy(like: string | undefined): Promise<string> {
    const cost = like === undefined ? DEFAULT_COST : costOf(like);
    return this.run(() => hash(randomBytes(32), argon2id(cost)));
  }

  private async run<T>(work: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private enter(): Promise<void> {
    if (this.running < this.limit) {
      this.running += 1;
      return Promise.resolve();
    }
    if (this.waiting.length >= MAX_WAITING) {
      throw new BackendProblem(503, 'login_busy', 'Too many logins at once.', {}, { 'retry-after': '2' });
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }
}

// The library's enum is ambient and const, which isolated modules cannot read: 2 is argon2id.
const argon2id = (cost: Options): Options => ({ ...cost, algorithm: 2 satisfies Algorithm.Argon2id });

function costOf(passwordHash: string): Options {
  const [, m, t, p] = /m=(\d+),t=(\d+),p=(\d+)/.exec(passwordHash) ?? [];
  if (m === undefined || t === undefined || p === undefined) return DEFAULT_COST;
  return { memoryCost: Number(m), timeCost: Number(t), parallelism: Number(p) };
}
