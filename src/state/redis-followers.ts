import type { Redis } from 'ioredis';
import { QUESTION_TIMEOUT_MS, reconnectDelayMs } from './redis-client.js';
import type { ChannelFollower } from './shared-redis.js';
import { answerWithin } from './store-answer.js';

/** Subscriptions over one connection of their own, made when first needed and anew whenever it is lost. */
export class RedisFollowers {
  readonly #channels = new Map<string, Set<ChannelFollower>>();
  #subscriber: Redis | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempts = 0;
  #standing = false;
  #closed = false;

  /** `open` gives a connection that ends when it is lost, or none while it is not known where to connect. */
  constructor(private readonly open: () => Redis | undefined) {}

  add(channel: string, follower: ChannelFollower): () => void {
    const followers = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, followers.add(follower));
    if (this.#subscriber?.status === 'ready') void this.#subscribe(this.#subscriber);
    else if (this.#subscriber === undefined && this.#retry === undefined) this.#connect();
    return () => {
      followers.delete(follower);
      if (followers.size === 0) this.#channels.delete(channel);
    };
  }

  /** Drops the connection of a server that hangs: it keeps its sockets open, so that nothing else would tell. */
  async probe(): Promise<void> {
    const subscriber = this.#subscriber;
    if (subscriber?.status !== 'ready') return;
    try {
      await answerWithin(subscriber.ping(), QUESTION_TIMEOUT_MS);
    } catch {
      this.#drop(subscriber);
    }
  }

  /** Connects anew, to where the store is now. */
  renew(): void {
    if (this.#subscriber?.status === 'ready') this.#drop(this.#subscriber);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#subscriber?.disconnect();
    this.#channels.clear();
  }

  #connect(): void {
    this.#retry = undefined;
    const subscriber = this.open();
    this.#subscriber = subscriber;
    if (subscriber === undefined) {
      this.#connectLater();
      return;
    }
    subscriber.on('error', () => undefined);
    subscriber.on('ready', () => void this.#subscribe(subscriber));
    subscriber.on('close', () => {
      this.#tell(false);
    });
    subscriber.once('end', () => {
      this.#connectLater();
    });
    subscriber.on('message', (channel: string, payload: string) => {
      this.#channels.get(channel)?.forEach((follower) => {
        follower.message(payload);
      });
    });
  }

  #connectLater(): void {
    if (this.#closed) return;
    this.#subscriber = undefined;
    this.#retry = setTimeout(() => {
      this.#connect();
    }, reconnectDelayMs(this.#attempts++));
    this.#retry.unref();
  }

  async #subscribe(subscriber: Redis): Promise<void> {
    const channels = [...this.#channels.keys()];
    if (channels.length === 0) return;
    try {
      await answerWithin(subscriber.subscribe(...channels), QUESTION_TIMEOUT_MS);
      if (subscriber.status !== 'ready') return;
      this.#attempts = 0;
      this.#tell(true);
    } catch {
      // Half a subscription is none.
      this.#drop(subscriber);
    }
  }

  #drop(subscriber: Redis): void {
    this.#tell(false);
    subscriber.disconnect();
  }

  #tell(standing: boolean): void {
    if (!standing && !this.#standing) return;
    this.#standing = standing;
    for (const followers of this.#channels.values()) {
      for (const follower of followers) follower.following(standing);
    }
  }
}
