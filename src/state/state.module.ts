import { Global, Module } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { StateHealth } from '../kernel/state-health.js';
import { InProcessState } from './in-process-state.js';
import { createRedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { readRedisTarget } from './redis-target.js';
import { RedisTls } from './redis-tls.js';
import { SharedRedis } from './shared-redis.js';
import { StateStoreHealth } from './state-store-health.js';

/** The shared state store, for everybody; `Settings` and `Clock` must be provided by a global module. */
@Global()
@Module({
  providers: [
    {
      provide: RedisTls,
      inject: [Settings, Clock],
      useFactory: ({ state }: Settings, clock: Clock) => new RedisTls('redis', state.tls, clock),
    },
    {
      provide: SharedRedis,
      inject: [Settings, RedisTls],
      useFactory: ({ state }: Settings, tls: RedisTls): SharedRedis =>
        state.redisUrl === undefined
          ? new InProcessState()
          : new RedisConnection(createRedisClient(readRedisTarget(state.redisUrl), tls)),
    },
    { provide: StateHealth, inject: [SharedRedis], useFactory: (redis: SharedRedis) => new StateStoreHealth(redis) },
  ],
  exports: [SharedRedis, StateHealth],
})
export class StateModule {}
