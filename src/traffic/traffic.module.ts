import { Global, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { SharedRedis } from '../state/shared-redis.js';
import { LoginGuesses } from './guesses/login-guesses.js';
import { LoginNames } from './guesses/login-names.js';
import { openGuessStore } from './guesses/open-guess-store.js';
import { openIdempotencyStore } from './idempotency/open-idempotency-store.js';
import { IdempotencyRecords } from './idempotency/idempotency-records.js';
import { AddressLimitGuard } from './limits/address-limit.guard.js';
import { AddressLimit } from './limits/address-limit.js';
import { BucketStore } from './limits/bucket-store.js';
import { BucketThrottlerStorage } from './limits/bucket-throttler.storage.js';
import { CallerAdmission } from './limits/caller-admission.js';
import { CallerLimitGuard } from './limits/caller-limit.guard.js';
import { CallerLimits } from './limits/caller-limits.js';
import { throttlerOptionsOf } from './limits/limit-policies.js';
import { SharedBucketStore } from './limits/shared-bucket.store.js';
import { UserConcurrency } from './limits/user-concurrency.js';
import { openAnswerStore } from './response-cache/answer-store.js';
import { ResponseCache } from './response-cache/response-cache.js';

/** A running request frees its key when its instance has died: after the longest call, and a little. */
const RUNNING_GRACE_MS = 30_000;

const bucketStore = {
  provide: BucketStore,
  inject: [SharedRedis, Clock],
  useFactory: (redis: SharedRedis, clock: Clock) => new SharedBucketStore(redis, clock),
};

const loginGuesses = {
  provide: LoginGuesses,
  inject: [SharedRedis, Clock, Settings],
  useFactory: (redis: SharedRedis, clock: Clock, { identity }: Settings) =>
    new LoginGuesses(openGuessStore(redis, clock), new LoginNames(identity.identitySecret), clock),
};

const idempotencyRecords = {
  provide: IdempotencyRecords,
  inject: [SharedRedis, Clock, Settings],
  useFactory: (redis: SharedRedis, clock: Clock, { identity, traffic, upstream }: Settings) =>
    new IdempotencyRecords(openIdempotencyStore(redis, clock, identity.identitySecret), {
      answerTtlMs: traffic.idempotencyTtlSeconds * 1000,
      runningTtlMs: upstream.timeoutMs + RUNNING_GRACE_MS,
    }),
};

const responseCache = {
  provide: ResponseCache,
  inject: [SharedRedis, Clock, Settings],
  useFactory: async (redis: SharedRedis, clock: Clock, { identity, traffic }: Settings) =>
    new ResponseCache(await openAnswerStore(redis, identity.identitySecret), clock, traffic.responseCacheTtlMs),
};

@Global()
@Module({ providers: [bucketStore], exports: [bucketStore] })
export class BucketStoreModule {}

/**
 * How much, again, already known. Needs Settings, Clock, SharedRedis and FeatureFlags from global modules. The two
 * guards are put in their places by the application: AddressLimitGuard, authentication, CallerLimitGuard.
 */
@Global()
@Module({
  imports: [
    BucketStoreModule,
    ThrottlerModule.forRootAsync({
      inject: [Settings, BucketStore],
      useFactory: ({ traffic }: Settings, store: BucketStore) => ({
        throttlers: [throttlerOptionsOf(traffic.callers)],
        storage: new BucketThrottlerStorage(store),
      }),
    }),
  ],
  providers: [
    AddressLimit,
    AddressLimitGuard,
    CallerLimits,
    UserConcurrency,
    CallerAdmission,
    CallerLimitGuard,
    loginGuesses,
    idempotencyRecords,
    responseCache,
  ],
  exports: [
    AddressLimit,
    AddressLimitGuard,
    CallerAdmission,
    CallerLimitGuard,
    LoginGuesses,
    IdempotencyRecords,
    ResponseCache,
  ],
})
export class TrafficModule {}
