import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RedisClient } from './redis-client.js';

/** A Lua script sent by its digest, and in full when the server does not know it (a new, restarted or flushed one). */
export class RedisScript {
  static readonly #all: RedisScript[] = [];
  readonly #digest: string;

  constructor(private readonly source: string) {
    this.#digest = createHash('sha1').update(source).digest('hex');
    RedisScript.#all.push(this);
  }

  /** Tells a server all scripts, without waiting; one that fails is sent in full when it is needed. */
  static load(client: Redis): void {
    for (const { source } of RedisScript.#all) client.script('LOAD', source).catch(() => undefined);
  }

  /** All keys of one call must lie in one Cluster slot (share a hash tag). Resolves to the script's reply. */
  async run(client: RedisClient, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    try {
      return await client.evalsha(this.#digest, keys.length, ...keys, ...values);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(this.source, keys.length, ...keys, ...values);
    }
  }
}
