import { LRUCache } from 'lru-cache';
import type { SharedRedis } from '../state/shared-redis.js';

const REMEMBERED = 100_000;
const MAX_ID_CHARACTERS = 128;

/**
 * What has ended never lives again, whatever the shared store says later: a replica that lagged behind when it became
 * master, or a server that came back with an old copy on disk, still has it. Every instance remembers the ends it was
 * told of on a channel or made itself; those longest ago give way.
 */
export class EndedIds {
  readonly #ids = new LRUCache<string, true>({ max: REMEMBERED });

  /** `read` gives the id whose end a message tells of, or undefined. */
  constructor(
    redis: Pick<SharedRedis, 'follow'>,
    channel: string,
    read: (message: string) => string | undefined = (message) => message,
  ) {
    redis.follow(channel, {
      message: (message) => {
        const id = read(message);
        if (id !== undefined && id.length <= MAX_ID_CHARACTERS) this.add(id);
      },
      following: () => undefined,
    });
  }

  add(id: string): void {
    this.#ids.set(id, true);
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
