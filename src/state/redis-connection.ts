import { stateStoreChanged } from '../kernel/events.js';
import type { RedisClient } from './redis-client.js';
import { RedisFollowers } from './redis-followers.js';
import { SharedRedis, type ChannelFollower } from './shared-redis.js';

const PROBE_INTERVAL_MS = 1_000;

/**
 * Watches one Redis client: available while it is connected and answers a PING every second. A server that hangs keeps
 * its sockets open, so the connection's own events do not tell.
 */
export class RedisConnection extends SharedRedis {
  readonly #followers: RedisFollowers;
  readonly #probe: NodeJS.Timeout;
  #available = false;

  constructor(override readonly client: RedisClient) {
    super();
    this.#followers = new RedisFollowers(client);
    // Without a listener an error event would end the process; what matters shows in `close` and in failed commands.
    client.on('error', () => undefined);
    client.on('ready', () => {
      this.#become(true);
    });
    client.on('close', () => {
      this.#become(false);
    });
    this.#probe = setInterval(() => void this.#check(), PROBE_INTERVAL_MS);
    this.#probe.unref();
  }

  override get available(): boolean {
    return this.#available;
  }

  override follow(channel: string, follower: ChannelFollower): () => void {
    return this.#followers.add(channel, follower);
  }

  /** After the server has drained: guards and limits need the connection until the last answer. */
  onApplicationShutdown(): void {
    clearInterval(this.#probe);
    this.#followers.close();
    this.client.disconnect();
  }

  async #check(): Promise<void> {
    this.#followers.probe();
    if (this.client.status !== 'ready') return;
    try {
      await this.client.ping();
      this.#become(this.client.status === 'ready');
    } catch {
      this.#become(false);
    }
  }

  #become(available: boolean): void {
    if (available === this.#available) return;
    this.#available = available;
    stateStoreChanged.publish({ store: 'redis', available });
  }
}
