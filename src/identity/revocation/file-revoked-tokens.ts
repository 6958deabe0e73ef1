import { z } from 'zod';
import type { Clock } from '../../kernel/clock.js';
import { stateUnavailable } from '../identity.errors.js';
import { KeptFile } from '../kept-file.js';
import { RevokedTokens } from './revoked-tokens.js';

const MAX_REVOKED = 10_000;

/** Digest by digest the epoch milliseconds of its token's end. */
const CONTENT = z.record(z.string(), z.number());

/** In this process and in a file, so that a restart revives no token. */
export class FileRevokedTokens extends RevokedTokens {
  readonly #file: KeptFile<z.output<typeof CONTENT>>;
  readonly #ends: Map<string, number>;

  constructor(
    path: string,
    private readonly clock: Clock,
    private readonly maxRevoked = MAX_REVOKED,
  ) {
    super();
    this.#file = new KeptFile(path, CONTENT);
    this.#ends = new Map(Object.entries(this.#file.read() ?? {}));
  }

  override async add(digest: string, expiresAt: number): Promise<void> {
    this.#sweep();
    // None that still counts gives way for another: its token would live again.
    if (this.#ends.size >= this.maxRevoked) throw stateUnavailable();
    this.#ends.set(digest, expiresAt);
    try {
      await this.#file.write(Object.fromEntries(this.#ends));
    } catch (error) {
      throw stateUnavailable(error);
    }
  }

  override isGood(digest: string): boolean {
    return !this.#ends.has(digest);
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const [digest, end] of this.#ends) if (end <= now) this.#ends.delete(digest);
  }
}
