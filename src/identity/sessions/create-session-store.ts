import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../kernel/config/settings.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { RecordSeal } from '../record-seal.js';
import { CachedSessionStore } from './cached-session-store.js';
import { FinalSessionStore } from './final-session-store.js';
import type { LiveSessions } from './live-sessions.js';
import { MemorySessionStore } from './memory-session-store.js';
import { RedisSessionStore } from './redis-session-store.js';
import { SessionLife } from './session-life.js';
import { SessionRecord } from './session-record.js';
import type { SessionStore } from './session-store.js';

/** Sessions in Redis where there is one, else in this process. */
export function createSessionStore(
  redis: SharedRedis,
  { identity }: Settings,
  clock: Clock,
): SessionStore & LiveSessions {
  const life = new SessionLife(identity);
  if (redis.client === undefined) return new MemorySessionStore(life, clock);
  const record = new SessionRecord(new RecordSeal(identity.identitySecret, 'genoflow sessions'), life);
  const shared = new FinalSessionStore(new RedisSessionStore(redis, life, clock, record), redis);
  return new CachedSessionStore(shared, redis, life, clock);
}
