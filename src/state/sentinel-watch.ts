import { Redis, type RedisOptions } from 'ioredis';
import { CONNECTION } from './redis-client.js';

const SWITCHED = '+switch-master';
const MAX_SENTINELS = 5;

/**
 * Hears from the sentinels that the master has changed. A master that is sent off goes on taking writes for some eight
 * seconds before it is made a replica, and all of them are lost. All sentinels are listened to: those that have not heard
 * of the change yet would send a new connection back to where it came from. (ioredis has a detector of its own, which
 * writes to the console whenever a sentinel is away.)
 */
export class SentinelWatch {
  readonly #sentinels: readonly Redis[];

  constructor({ sentinels, name, sentinelPassword, sentinelTLS }: RedisOptions, onSwitch: () => void) {
    this.#sentinels = (sentinels ?? []).slice(0, MAX_SENTINELS).map((address) => {
      const sentinel = new Redis({
        ...CONNECTION,
        host: address.host,
        port: address.port,
        enableReadyCheck: false,
        autoResubscribe: false,
        password: sentinelPassword ?? null,
        tls: sentinelTLS,
      } as RedisOptions);
      sentinel.on('error', () => undefined);
      sentinel.on('ready', () => {
        sentinel.subscribe(SWITCHED).catch(() => undefined);
      });
      sentinel.on('message', (_channel: string, change: string) => {
        if (change.startsWith(`${name ?? ''} `)) onSwitch();
      });
      return sentinel;
    });
  }

  close(): void {
    for (const sentinel of this.#sentinels) sentinel.disconnect();
  }
}
