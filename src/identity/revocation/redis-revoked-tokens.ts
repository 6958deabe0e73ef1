import type { OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import { RedisScript } from '../../state/redis-script.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { askRedis } from '../ask-redis.js';
import { EndedIds } from '../ended-ids.js';
import { FreshAnswers } from '../fresh-answers.js';
import { RevokedTokens } from './revoked-tokens.js';

const CHANNEL = 'genoflow:tokens:revoked';

/** KEYS entry. ARGV milliseconds to live, channel, digest. */
const REVOKE = new RedisScript(`
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
`);

/** Of those that were taken back here. */
const TOLD_AGAIN = 10_000;
const RETRY_MS = 1_000;

/**
 * One key for each revoked token; the question of every request is asked once a second and dropped by a message. Here an
 * absent key means a good token, so what was taken back here is told again whenever the connection is new: the server
 * may have come back empty.
 */
export class RedisRevokedTokens extends RevokedTokens implements OnApplicationShutdown {
  readonly #answers: FreshAnswers<true>;
  readonly #revoked: EndedIds;
  /** Digest by digest the epoch milliseconds of its token's end. */
  readonly #own = new LRUCache<string, number>({ max: TOLD_AGAIN });
  readonly #unfollow: () => void;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: SharedRedis,
    private readonly clock: Clock,
  ) {
    super();
    this.#revoked = new EndedIds(redis, CHANNEL);
    this.#answers = new FreshAnswers(redis, CHANNEL, (digest) => this.#ask(digest), clock);
    this.#unfollow = redis.follow(CHANNEL, {
      message: () => undefined,
      following: (isFollowing) => void (isFollowing && this.#tellAgain()),
    });
  }

  override async add(digest: string, expiresAt: number): Promise<void> {
    // Remembered even where Redis cannot be told: the caller meant it.
    this.#revoked.add(digest);
    this.#own.set(digest, expiresAt);
    // Not only by its message, which may arrive after the answer has gone out.
    this.#answers.drop(digest);
    await this.#tell(digest, expiresAt);
  }

  override isGood(digest: string): boolean | Promise<boolean> {
    if (this.#revoked.has(digest)) return false;
    const answer = this.#answers.get(digest);
    return answer === true ? true : answer.then((good) => good === true && !this.#revoked.has(digest));
  }

  onApplicationShutdown(): void {
    this.#answers.close();
    this.#unfollow();
    clearTimeout(this.#retry);
  }

  async #tell(digest: string, expiresAt: number): Promise<void> {
    const leftMs = Math.max(1, Math.ceil(expiresAt - this.clock.now()));
    await askRedis(this.redis, (client) => REVOKE.run(client, [keyOf(digest)], [leftMs, CHANNEL, digest]));
  }

  /** One after the other; begins again a little later where Redis fails. */
  async #tellAgain(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      for (const [digest, expiresAt] of [...this.#own.entries()]) {
        if (expiresAt <= this.clock.now()) this.#own.delete(digest);
        else await this.#tell(digest, expiresAt);
      }
    } catch {
      this.#retry = setTimeout(() => void this.#tellAgain(), RETRY_MS).unref();
    }
  }

  async #ask(digest: string): Promise<true | undefined> {
    const count = await askRedis(this.redis, (client) => client.exists(keyOf(digest)));
    return count === 0 ? true : undefined;
  }
}

const keyOf = (digest: string): string => `genoflow:revoked:${digest}`;
