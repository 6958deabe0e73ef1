import type { Clock } from '../../kernel/clock.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import type { GuessStore } from './guess-store.js';
import { MemoryGuessStore } from './memory-guess.store.js';
import { RedisGuessStore } from './redis-guess.store.js';

/** In Redis where there is one, else in this process. A Redis that is away is not made up for: guesses would be free. */
export const openGuessStore = (redis: SharedRedis, clock: Clock): GuessStore =>
  redis.client === undefined ? new MemoryGuessStore(clock) : new RedisGuessStore(redis);
