import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { stateStoreChanged, stateStoreMayEvict } from '../kernel/events.js';
import { GatheredWrites } from './gathered-writes.js';
import { openSubscriber, QUESTION_TIMEOUT_MS, type RedisClient } from './redis-client.js';
import { RedisFollowers } from './redis-followers.js';
import { evictionPolicyOf, takesWrites } from './redis-probe.js';
import { RedisScript } from './redis-script.js';
import { SentinelWatch } from './sentinel-watch.js';
import { SharedRedis, type ChannelFollower } from './shared-redis.js';
import { answerWithin, StoreAway, StoreSilent } from './store-answer.js';

const PROBE_INTERVAL_MS = 1_000;
/** How long a start waits for the store, at most. */
const START_WAIT_MS = 2_000;
const START_STEP_MS = 20;

/**
 * Watches one Redis client: available while it is connected and took a write when it was last tried, which is every
 * second, on every new connection and whenever a question was not answered in time.
 */
export class RedisConnection extends SharedRedis {
  readonly #followers: RedisFollowers;
  readonly #sentinels: SentinelWatch | undefined;
  readonly #probe: NodeJS.Timeout;
  readonly #writes = new GatheredWrites();
  #available = false;
  /** A question was not answered; until the store has been tried, no other waits for its timeout too. */
  #inDoubt = false;
  #trial: Promise<boolean> | undefined;
  #closed = false;

  constructor(override readonly client: RedisClient) {
    super();
    this.#followers = new RedisFollowers(() => openSubscriber(client));
    if (client instanceof Redis && client.options.sentinels)
      this.#sentinels = new SentinelWatch(client.options, () => {
        this.#connectAnew();
      });
    // Without a listener an error event would end the process; what matters shows in `close` and in failed commands.
    client.on('error', () => undefined);
    client.on('ready', () => {
      this.#begin();
    });
    client.on('close', () => {
      this.#become(false);
      // After a fail-over the subscription must move too; a Cluster's bus carries messages to whatever node it is on.
      if (client instanceof Redis) this.#followers.renew();
    });
    this.#probe = setInterval(() => void this.#check(), PROBE_INTERVAL_MS);
    this.#probe.unref();
  }

  override get available(): boolean {
    return this.#available;
  }

  override async ask<Reply>(question: (client: RedisClient) => Promise<Reply>): Promise<Reply> {
    if (!this.#available || this.#inDoubt) throw new StoreAway();
    if (this.client instanceof Redis) this.#writes.gather(this.client.stream);
    try {
      return await answerWithin(question(this.client), QUESTION_TIMEOUT_MS);
    } catch (error) {
      if (error instanceof StoreSilent) this.#doubt();
      throw error;
    }
  }

  override follow(channel: string, follower: ChannelFollower): () => void {
    return this.#followers.add(channel, follower);
  }

  /** So that the first request is not refused for coming early; a store that is away keeps no gateway from starting. */
  async onModuleInit(): Promise<void> {
    for (let waited = 0; !this.#available && waited < START_WAIT_MS; waited += START_STEP_MS)
      await sleep(START_STEP_MS);
  }

  /** After the server has drained: guards and limits need the connection until the last answer. */
  onApplicationShutdown(): void {
    this.#closed = true;
    clearInterval(this.#probe);
    this.#followers.close();
    this.#sentinels?.close();
    this.client.disconnect();
  }

  /** Scripts go first, so that no question pays for a second round trip; on one connection order is kept. */
  #begin(): void {
    if (this.client instanceof Redis) RedisScript.load(this.client);
    void this.#try();
  }

  async #check(): Promise<void> {
    void this.#followers.probe();
    if ((await this.#try()) || this.#closed) return;
    // A client that was interrupted while it connected gives up for good.
    if (this.client.status === 'end') this.client.connect().catch(() => undefined);
    // Frozen, demoted or otherwise unfit: a new connection may find another server. A Cluster's nodes go one by one.
    else this.#connectAnew();
  }

  /** Only a client that is ready may be interrupted: one that connects would take it for its end. */
  #connectAnew(): void {
    if (this.client.status === 'ready' && this.client instanceof Redis) this.client.disconnect(true);
  }

  /** One trial at a time. */
  #try(): Promise<boolean> {
    this.#trial ??= this.#trialOf(this.client).finally(() => {
      this.#trial = undefined;
    });
    return this.#trial;
  }

  async #trialOf(client: RedisClient): Promise<boolean> {
    const isWell = client.status === 'ready' && (await takesWrites(client)) && client.status === 'ready';
    this.#become(isWell);
    return isWell;
  }

  async #warn(): Promise<void> {
    const policy = await evictionPolicyOf(this.client);
    if (policy !== undefined) stateStoreMayEvict.publish({ store: 'redis', policy });
  }

  #doubt(): void {
    // One node of a Cluster may be frozen while the others serve.
    this.#inDoubt = this.client instanceof Redis;
    void this.#try();
  }

  #become(available: boolean): void {
    this.#inDoubt = false;
    if (available === this.#available || this.#closed) return;
    this.#available = available;
    stateStoreChanged.publish({ store: 'redis', available });
    if (available) void this.#warn();
  }
}
