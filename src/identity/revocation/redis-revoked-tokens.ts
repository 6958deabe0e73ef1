import type { OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { RedisScript } from '../../state/redis-script.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { askRedis } from '../ask-redis.js';
import { FreshAnswers } from '../fresh-answers.js';
import { RevokedTokens } from './revoked-tokens.js';

const CHANNEL = 'genoflow:tokens:revoked';

/** KEYS entry. ARGV milliseconds to live, channel, digest. */
const REVOKE = new RedisScript(`
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
`);

/** One key for each revoked token; the question of every request is asked once a second and dropped by a message. */
export class RedisRevokedTokens extends RevokedTokens implements OnApplicationShutdown {
  readonly #answers: FreshAnswers<true>;

  constructor(
    private readonly redis: SharedRedis,
    private readonly clock: Clock,
  ) {
    super();
    this.#answers = new FreshAnswers(redis, CHANNEL, (digest) => this.#ask(digest), clock);
  }

  override async add(digest: string, expiresAt: number): Promise<void> {
    const leftMs = Math.max(1, Math.ceil(expiresAt - this.clock.now()));
    await askRedis(this.redis, (client) => REVOKE.run(client, [keyOf(digest)], [leftMs, CHANNEL, digest]));
    // Not only by its message, which may arrive after the answer has gone out.
    this.#answers.drop(digest);
  }

  override isGood(digest: string): boolean | Promise<boolean> {
    const answer = this.#answers.get(digest);
    return answer === true ? true : answer.then((good) => good === true);
  }

  onApplicationShutdown(): void {
    this.#answers.close();
  }

  async #ask(digest: string): Promise<true | undefined> {
    const count = await askRedis(this.redis, (client) => client.exists(keyOf(digest)));
    return count === 0 ? true : undefined;
  }
}

const keyOf = (digest: string): string => `genoflow:revoked:${digest}`;
