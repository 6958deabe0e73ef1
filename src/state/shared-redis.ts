import type { RedisClient } from './redis-client.js';

/** Follows one channel of the shared store. */
export interface ChannelFollower {
  message(payload: string): void;
  /**
   * `true` once the subscription stands, `false` when it is lost. Messages between the two are missed for good, so
   * what was kept on the strength of them must be dropped at either call.
   */
  following(isFollowing: boolean): void;
}

/** The one connection to the Redis that all replicas share, or none where state lives in the process. */
export abstract class SharedRedis {
  /** Undefined where no REDIS_URL is set. Told here for those who must know; questions go through `ask`. */
  abstract readonly client: RedisClient | undefined;
  /** False while Redis is configured and does not take writes; always true without Redis. */
  abstract readonly available: boolean;
  /**
   * Asks Redis. Rejects with StoreAway at once while it is away, with StoreSilent when it does not answer within half a
   * second (whether it did what it was asked is then not known), else with its own error. Without Redis, never called.
   */
  abstract ask<Reply>(question: (client: RedisClient) => Promise<Reply>): Promise<Reply>;
  /** Subscribes, now and after every reconnection; returns the function that ends it. Does nothing without Redis. */
  abstract follow(channel: string, follower: ChannelFollower): () => void;
}
