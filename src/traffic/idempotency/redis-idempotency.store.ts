import type { Cluster, Redis } from 'ioredis';
import { RedisScript } from '../../state/redis-script.js';
import type { AnswerSeal } from './answer-seal.js';
import { IdempotencyStore, type DoneEntry, type IdempotencyEntry, type RunningEntry } from './idempotency.store.js';

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

/** Entries shared by all instances. A value is `running <fingerprint> <owner>` or `done <fingerprint> <sealed answer>`. */
export class RedisIdempotencyStore extends IdempotencyStore {
  constructor(
    private readonly client: Redis | Cluster,
    private readonly seal: AnswerSeal,
    private readonly prefix = 'genoflow:idempotency:',
  ) {
    super();
  }

  override async claim(key: string, entry: RunningEntry, ttlMs: number): Promise<IdempotencyEntry | undefined> {
    const standing = await CLAIM.run(this.client, [this.prefix + key], [textOfRunning(entry), ttlMs]);
    return typeof standing === 'string' ? this.#read(key, standing) : undefined;
  }

  override async renew(key: string, running: RunningEntry, ttlMs: number): Promise<void> {
    await RENEW.run(this.client, [this.prefix + key], [textOfRunning(running), ttlMs]);
  }

  override async finish(key: string, running: RunningEntry, done: DoneEntry, ttlMs: number): Promise<void> {
    const { status, fields, body } = done.answer;
    const head = Buffer.from(`${JSON.stringify({ status, fields })}\n`);
    const sealed = this.seal.seal(Buffer.concat([head, body]), key);
    const values = [textOfRunning(running), `done ${done.fingerprint} ${sealed}`, ttlMs];
    await FINISH.run(this.client, [this.prefix + key], values);
  }

  override async release(key: string, running: RunningEntry): Promise<void> {
    await RELEASE.run(this.client, [this.prefix + key], [textOfRunning(running)]);
  }

  #read(key: string, text: string): IdempotencyEntry {
    const [state, fingerprint = '', rest = ''] = text.split(' ', 3);
    if (state === 'running') return { state, fingerprint, owner: rest };
    const content = this.seal.open(rest, key);
    const headEnd = content.indexOf(0x0a);
    const head = JSON.parse(content.toString('utf8', 0, headEnd)) as { status: number; fields: string[] };
    return { state: 'done', fingerprint, answer: { ...head, body: content.subarray(headEnd + 1) } };
  }
}

const textOfRunning = (entry: RunningEntry): string => `running ${entry.fingerprint} ${entry.owner}`;
