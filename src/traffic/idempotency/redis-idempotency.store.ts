import { RedisScript } from '../../state/redis-script.js';
import type { SharedRedis } from '../../state/shared-redis.js';
import { isRefusal, StoreAway } from '../../state/store-answer.js';
import type { AnswerSeal } from '../recording/answer-seal.js';
import { IdempotencyStore, type DoneEntry, type IdempotencyEntry, type RunningEntry } from './idempotency.store.js';
import { OwedWrites } from './owed-writes.js';

const CLAIM = new RedisScript(`
local standing = redis.call('GET', KEYS[1])
if standing then return standing end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
`);

const RENEW = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

const FINISH = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`);

const RELEASE = new RedisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`);

/**
 * Entries shared by all instances. A value is `running <fingerprint> <owner>` or `done <fingerprint> <sealed answer>`.
 * What Redis did not confirm it may have done, or may yet do when it thaws: an unconfirmed claim is released later, and
 * an answer that could not be kept is kept later, so that no key stays blocked and no work is done twice.
 */
export class RedisIdempotencyStore extends IdempotencyStore {
  readonly #owed = new OwedWrites();

  constructor(
    private readonly redis: Pick<SharedRedis, 'ask'>,
    private readonly seal: AnswerSeal,
    private readonly prefix = 'genoflow:idempotency:',
  ) {
    super();
  }

  override async claim(key: string, entry: RunningEntry, ttlMs: number): Promise<IdempotencyEntry | undefined> {
    const standing = await this.#run(CLAIM, key, [textOfRunning(entry), ttlMs]).catch((error: unknown) => {
      if (!(error instanceof StoreAway) && !isRefusal(error)) this.#owed.add(() => this.release(key, entry));
      throw error;
    });
    if (typeof standing !== 'string') return undefined;
    const found = this.#read(key, standing);
    // A Cluster client asks again when a connection is lost, and then meets the claim it made.
    return found.state === 'running' && found.owner === entry.owner ? undefined : found;
  }

  override async renew(key: string, running: RunningEntry, ttlMs: number): Promise<void> {
    await this.#run(RENEW, key, [textOfRunning(running), ttlMs]);
  }

  override async finish(key: string, running: RunningEntry, done: DoneEntry, ttlMs: number): Promise<void> {
    const { body, ...head } = done.answer;
    const text = `done ${done.fingerprint} ${this.seal.seal({ head, body }, key)}`;
    const write = () => this.#run(FINISH, key, [textOfRunning(running), text, ttlMs]);
    await write().catch((error: unknown) => {
      this.#owed.add(write, text.length);
      throw error;
    });
  }

  override async release(key: string, running: RunningEntry): Promise<void> {
    await this.#run(RELEASE, key, [textOfRunning(running)]);
  }

  override close(): void {
    this.#owed.close();
  }

  #run(script: RedisScript, key: string, values: readonly (string | number)[]): Promise<unknown> {
    return this.redis.ask((client) => script.run(client, [this.prefix + key], values));
  }

  #read(key: string, text: string): IdempotencyEntry {
    const [state, fingerprint = '', rest = ''] = text.split(' ', 3);
    if (state === 'running') return { state, fingerprint, owner: rest };
    const { head, body } = this.seal.open(rest, key);
    return { state: 'done', fingerprint, answer: { ...(head as { status: number; fields: string[] }), body } };
  }
}

const textOfRunning = (entry: RunningEntry): string => `running ${entry.fingerprint} ${entry.owner}`;
