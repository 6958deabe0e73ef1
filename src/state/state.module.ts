import { Global, Module } from '@nestjs/common';
import { Settings } from '../kernel/config/settings.js';
import { StateHealth } from '../kernel/state-health.js';
import { InProcessState } from './in-process-state.js';
import { createRedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { readRedisTarget } from './redis-target.js';
import { SharedRedis } from './shared-redis.js';
import { StateStoreHealth } from './state-store-health.js';

/** The shared state store, for everybody; `Settings` must be provided by a global module. */
@Global()
@Module({
  providers: [
    {
      provide: SharedRedis,
      inject: [Settings],
      useFactory: ({ state }: Settings): SharedRedis =>
        state.redisUrl === undefined
          ? new InProcessState()
          : new RedisConnection(createRedisClient(readRedisTarget(state.redisUrl))),
    },
    { provide: StateHealth, inject: [SharedRedis], useFactory: (redis: SharedRedis) => new StateStoreHealth(redis) },
  ],
  exports: [SharedRedis, StateHealth],
})
export class StateModule {}
