import { z } from 'zod';
import { BACKEND_NAMES, type BackendName } from '../service/backend-name.js';
import type { BackendClock } from '../service/clock.js';
import type { Peers } from '../service/peers.js';
import type { JobFigures, ServiceFigures } from './metrics.types.js';

const DEADLINE_MS = 2_000;
const OWN_NAME: BackendName = 'monitoring';

/** `running`, `queued` and so on, with whole numbers; what else the execution service may count is left out. */
const STATISTICS = z.record(z.string().max(64), z.unknown());

/** Asks the other services how they are, all at the same time and none for longer than 2 s. */
export class ServiceChecks {
  constructor(
    private readonly peers: Peers,
    private readonly clock: BackendClock,
  ) {}

  services(): Promise<ServiceFigures[]> {
    return Promise.all(BACKEND_NAMES.map((name) => this.check(name)));
  }

  async jobs(): Promise<JobFigures> {
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const counted = STATISTICS.parse(await this.peers.json('execution', 'GET', '/statistics', { signal }));
      return Object.fromEntries(
        Object.entries(counted).filter((entry): entry is [string, number] => isCount(entry[1])),
      );
    } catch {
      return null;
    }
  }

  private async check(name: BackendName): Promise<ServiceFigures> {
    // Who reads the answer knows that this service gave it.
    if (name === OWN_NAME) return { name, status: 'up', latency_ms: 0 };
    const startedAt = this.clock.now();
    try {
      await this.peers.json(name, 'GET', '/health', { signal: AbortSignal.timeout(DEADLINE_MS) });
      return { name, status: 'up', latency_ms: Math.max(0, this.clock.now() - startedAt) };
    } catch {
      return { name, status: 'down', latency_ms: null };
    }
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
