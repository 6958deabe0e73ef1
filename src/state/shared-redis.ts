import type { Cluster, Redis } from 'ioredis';

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
  /** Undefined where no REDIS_URL is set. Commands reject, within 0.7 s, when the server is away. */
  abstract readonly client: Redis | Cluster | undefined;
  /** False while Redis is configured and does not answer; always true without Redis. Ask it to fail fast. */
  abstract readonly available: boolean;
  /** Subscribes, now and after every reconnection; returns the function that ends it. Does nothing without Redis. */
  abstract follow(channel: string, follower: ChannelFollower): () => void;
}
