import { Cluster, Redis } from 'ioredis';
import type { RedisClient } from './redis-client.js';
import type { ChannelFollower } from './shared-redis.js';

/** Subscriptions over one connection of their own (a subscribed connection takes no other commands), made when needed. */
export class RedisFollowers {
  readonly #channels = new Map<string, Set<ChannelFollower>>();
  #subscriber: RedisClient | undefined;
  #standing = false;

  constructor(private readonly client: RedisClient) {}

  add(channel: string, follower: ChannelFollower): () => void {
    const followers = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, followers.add(follower));
    this.#subscriber ??= this.#connect();
    if (this.#subscriber.status === 'ready') this.#subscribe(this.#subscriber);
    return () => {
      followers.delete(follower);
      if (followers.size === 0) this.#channels.delete(channel);
    };
  }

  /** Writes a PING, so that the connection's silence timeout notices a server that hangs. */
  probe(): void {
    if (this.#subscriber instanceof Redis && this.#subscriber.status === 'ready') {
      this.#subscriber.ping().catch(() => undefined);
    }
  }

  close(): void {
    this.#subscriber?.disconnect();
    this.#channels.clear();
  }

  #connect(): RedisClient {
    const subscriber =
      this.client instanceof Cluster
        ? this.client.duplicate()
        : this.client.duplicate({ enableAutoPipelining: false, autoResubscribe: false });
    subscriber.on('error', () => undefined);
    subscriber.on('ready', () => {
      this.#subscribe(subscriber);
    });
    // A Cluster moves its subscription to another node without a word; its node events are the nearest to one.
    for (const event of ['close', '-node', '+node', 'node error']) {
      subscriber.on(event, () => {
        this.#tell(false);
        if (event !== 'close' && subscriber.status === 'ready') this.#subscribe(subscriber);
      });
    }
    subscriber.on('message', (channel: string, payload: string) => {
      this.#channels.get(channel)?.forEach((follower) => {
        follower.message(payload);
      });
    });
    return subscriber;
  }

  #subscribe(subscriber: RedisClient): void {
    const channels = [...this.#channels.keys()];
    if (channels.length === 0) return;
    subscriber.subscribe(...channels).then(
      () => {
        this.#tell(true);
      },
      () => {
        this.#tell(false);
        // Half a subscription is none: begin again with a new connection.
        if (subscriber.status === 'ready') subscriber.disconnect(true);
      },
    );
  }

  #tell(standing: boolean): void {
    if (!standing && !this.#standing) return;
    this.#standing = standing;
    for (const followers of this.#channels.values()) {
      for (const follower of followers) follower.following(standing);
    }
  }
}
