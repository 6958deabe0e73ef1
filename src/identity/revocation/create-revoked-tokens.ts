import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../kernel/config/settings.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { FileRevokedTokens } from './file-revoked-tokens.js';
import { RedisRevokedTokens } from './redis-revoked-tokens.js';
import type { RevokedTokens } from './revoked-tokens.js';

/** In Redis where there is one, else in a file under DATA_DIR. */
export const createRevokedTokens = (redis: SharedRedis, { backends }: Settings, clock: Clock): RevokedTokens =>
  redis.client === undefined
    ? new FileRevokedTokens(join(backends.dataDir, 'revoked-tokens.json'), clock)
    : new RedisRevokedTokens(redis, clock);
