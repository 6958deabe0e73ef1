import { LRUCache } from 'lru-cache';
import type { Clock } from '../kernel/clock.js';
import type { SharedRedis } from '../state/shared-redis.js';

const KEPT_ANSWERS = 20_000;
/** Longest trust in a kept answer, in milliseconds: bounds what a lost message could do. */
const FRESH_MS = 1_000;

interface Kept<Answer> {
  readonly answer: Answer;
  /** Monotonic milliseconds. */
  readonly askedAt: number;
}

/**
 * Keeps the shared store's answers for a second. A message on the channel drops the answer to the key it names at once;
 * where messages may have been missed everything is dropped, and while the subscription does not stand nothing is kept.
 * An undefined answer is never kept.
 */
export class FreshAnswers<Answer> {
  readonly #kept = new LRUCache<string, Kept<Answer>>({ max: KEPT_ANSWERS });
  /** Questions under way, shared by those who ask meanwhile; one that is no longer here has been overtaken by a change. */
  readonly #asking = new Map<string, Promise<Answer | undefined>>();
  readonly #unfollow: () => void;
  #following = false;

  constructor(
    redis: SharedRedis,
    channel: string,
    private readonly ask: (key: string) => Promise<Answer | undefined>,
    private readonly clock: Clock,
  ) {
    this.#unfollow = redis.follow(channel, {
      message: (key) => {
        this.drop(key);
      },
      following: (isFollowing) => {
        this.#following = isFollowing;
        this.#kept.clear();
        this.#asking.clear();
      },
    });
  }

  /** Without a promise where the answer is kept; rejects as the question does. */
  get(key: string): Answer | Promise<Answer | undefined> {
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.clock.monotonic() - kept.askedAt < FRESH_MS) return kept.answer;
    return this.#asking.get(key) ?? this.#ask(key);
  }

  /** Something has changed: the next asks the store. */
  drop(key: string): void {
    this.#kept.delete(key);
    this.#asking.delete(key);
  }

  close(): void {
    this.#unfollow();
  }

  #ask(key: string): Promise<Answer | undefined> {
    const askedAt = this.clock.monotonic();
    const asking = this.ask(key).then((answer) => {
      if (answer !== undefined && this.#following && this.#asking.get(key) === asking) {
        this.#kept.set(key, { answer, askedAt });
      }
      return answer;
    });
    this.#asking.set(key, asking);
    const settle = (): void => {
      if (this.#asking.get(key) === asking) this.#asking.delete(key);
    };
    asking.then(settle, settle);
    return asking;
  }
}
