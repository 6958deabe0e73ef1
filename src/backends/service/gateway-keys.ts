import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, errors, type CryptoKey, type JWTHeaderParameters } from 'jose';
import { z } from 'zod';
import type { BackendClock } from './clock.js';
import { identityInvalid } from './identity.js';
import type { KeySource } from './key-sources.js';
import type { BackendLog } from './log.js';
import { BackendProblem } from './problem.js';

/** A key that the gateway has removed verifies for this long at most, while the gateway answers. Milliseconds. */
export const REFRESH_MS = 60_000;
/** Tokens can have the gateway asked no more often than this: whoever makes up key ids must not make us flood it. */
export const COOLDOWN_MS = 1_000;
/** Known keys outlive an absence of the gateway by this. */
export const USABLE_MS = 86_400_000;

const MAX_KEYS = 64;
// A private key has no business here, and a shared secret would have its readers speak as the gateway.
const PUBLIC_KEY = z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), kid: z.string(), d: z.undefined().optional() });
const JWK_SET = z.object({ keys: z.array(PUBLIC_KEY).max(MAX_KEYS) });

interface KnownKeys {
  readonly find: (header: JWTHeaderParameters) => Promise<CryptoKey>;
  readonly text: string;
  /** Epoch milliseconds. */
  readonly readAt: number;
}

/**
 * The gateway's public keys, read when the first token needs them (the gateway may start later), then in the background
 * once they are a minute old. A token with an unknown key id has them read at once, or as soon as the cooldown is over:
 * it waits, so that no call is refused for a key that is newer than the last reading. All share one reading. jose's own
 * remote set is not used: it asks anew for every token while the other side is away, refuses new keys during its cooldown,
 * does not bound the answer and reads by HTTP only.
 */
export class GatewayKeys {
  private known: KnownKeys | undefined;
  private reading: Promise<void> | undefined;
  private begunAt = -Infinity;
  private state: 'waiting' | 'asking' | 'read' | 'failed' = 'read';
  /** Counts the changes of the keys: what an older one has verified may not hold any more. */
  version = 0;

  constructor(
    private readonly source: KeySource,
    private readonly clock: BackendClock,
    private readonly log: BackendLog,
    private readonly wait: (milliseconds: number) => Promise<unknown> = sleep,
  ) {}

  /** The key that a header asks for; rejects with 401 `identity_invalid` or 503 `gateway_keys_unavailable`. */
  async find(header: JWTHeaderParameters): Promise<CryptoKey> {
    // Without a kid any key of the algorithm would do.
    if (header.kid === undefined) throw identityInvalid();
    const key = await this.keyFor(header);
    if (key === undefined) return this.findAfterReading(header);
    if (this.known !== undefined && this.hasPassed(this.known.readAt, REFRESH_MS)) void this.read();
    return key;
  }

  private async findAfterReading(header: JWTHeaderParameters): Promise<CryptoKey> {
    // An answer that is on its way already may be older than the key.
    if (this.state === 'asking') await this.read();
    const key = (await this.keyFor(header)) ?? (await this.read().then(() => this.keyFor(header)));
    if (key !== undefined) return key;
    throw this.state === 'failed' ? keysUnavailable() : identityInvalid();
  }

  /** Undefined where no usable key has the header's kid and algorithm. */
  private async keyFor(header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
    const { known } = this;
    if (known === undefined || this.clock.now() - known.readAt >= USABLE_MS) return undefined;
    try {
      return await known.find(header);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  /** A clock that was put back must not put a reading off. */
  private hasPassed(since: number, milliseconds: number): boolean {
    const passed = this.clock.now() - since;
    return passed < 0 || passed >= milliseconds;
  }

  /** Joins the reading that is under way or begins one. Never rejects. */
  private read(): Promise<void> {
    return (this.reading ??= this.readOnce().finally(() => {
      this.reading = undefined;
    }));
  }

  private async readOnce(): Promise<void> {
    const hadFailed = this.state === 'failed';
    if (!this.hasPassed(this.begunAt, COOLDOWN_MS)) {
      this.state = 'waiting';
      await this.wait(this.begunAt + COOLDOWN_MS - this.clock.now());
    }
    this.begunAt = this.clock.now();
    this.state = 'asking';
    try {
      this.take(await this.source());
      this.state = 'read';
    } catch (error) {
      this.state = 'failed';
      if (!hadFailed) this.log.fault('gateway_keys_unavailable', error);
    }
  }

  private take(text: string): void {
    const readAt = this.clock.now();
    if (text === this.known?.text) {
      this.known = { ...this.known, readAt };
      return;
    }
    const { keys } = JWK_SET.parse(JSON.parse(text));
    this.known = { find: createLocalJWKSet({ keys }), text, readAt };
    this.version += 1;
    this.log.info('gateway_keys_changed', { count: keys.length });
  }
}

const keysUnavailable = (): BackendProblem =>
  new BackendProblem(
    503,
    'gateway_keys_unavailable',
    'The keys of the gateway cannot be read; nobody can be recognised.',
    {},
    { 'retry-after': '2' },
  );
