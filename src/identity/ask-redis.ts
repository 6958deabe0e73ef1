import type { RedisClient } from '../state/redis-client.js';
import type { SharedRedis } from '../state/shared-redis.js';
import { stateUnavailable } from './identity.errors.js';

/** Asks the shared store, which must be there; rejects with `state_unavailable` at once while it is away. */
export async function askRedis<Reply>(
  redis: SharedRedis,
  question: (client: RedisClient) => Promise<Reply>,
): Promise<Reply> {
  const { client, available } = redis;
  if (client === undefined || !available) throw stateUnavailable();
  try {
    return await question(client);
  } catch (error) {
    throw stateUnavailable(error);
  }
}
