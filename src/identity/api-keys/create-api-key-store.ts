import { join } from 'node:path';
import type { Clock } from '../../kernel/clock.js';
import type { Settings } from '../../kernel/config/settings.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { RecordSeal } from '../record-seal.js';
import type { ApiKeyStore } from './api-key-store.js';
import { FileApiKeyStore } from './file-api-key-store.js';
import { RedisApiKeyStore } from './redis-api-key-store.js';

/** In Redis where there is one, else in a file under DATA_DIR. */
export const createApiKeyStore = (redis: SharedRedis, { backends, identity }: Settings, clock: Clock): ApiKeyStore =>
  redis.client === undefined
    ? new FileApiKeyStore(join(backends.dataDir, 'api-keys.json'), clock)
    : new RedisApiKeyStore(redis, clock, new RecordSeal(identity.identitySecret, 'genoflow API keys'));
