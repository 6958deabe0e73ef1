import type { z } from 'zod';
import type { RedisClient } from '../state/redis-client.js';
import type { SharedRedis } from '../state/shared-redis.js';
import { stateUnavailable } from './identity.errors.js';

/** Asks the shared store, which must be there; rejects with `state_unavailable` at once while it is away. */
export async function askRedis<Reply>(
  redis: Pick<SharedRedis, 'ask'>,
  question: (client: RedisClient) => Promise<Reply>,
): Promise<Reply> {
  try {
    return await redis.ask(question);
  } catch (error) {
    throw stateUnavailable(error);
  }
}

/** A reply that our scripts do not give tells of a store that cannot be relied on: throws `state_unavailable`. */
export function readReply<Reply>(form: z.ZodType<Reply>, reply: unknown): Reply {
  const parsed = form.safeParse(reply);
  if (!parsed.success) throw stateUnavailable(parsed.error);
  return parsed.data;
}
