import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Settings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { exchangeClosed, limitDecided } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import { FeatureFlags } from '../../kernel/feature-flags.js';
import type { Principal } from '../../kernel/principal.js';

const ALLOWED = { limit: 'concurrency', allowed: true } as const;
const REFUSED = { limit: 'concurrency', allowed: false } as const;
const RETRY_AFTER_SECONDS = 1;

interface UnderWay {
  readonly userId: string;
  count: number;
}

/**
 * How many requests one user may have under way at once in this process, event streams and uploads among them. Counted
 * here and not in Redis, where a process that dies would leave its count behind. An exchange is let go when it closes,
 * which it does exactly once however it ends.
 */
@Injectable()
export class UserConcurrency implements OnApplicationShutdown {
  readonly #max: number;
  readonly #byUser = new Map<string, UnderWay>();
  readonly #counted = new Map<Exchange, UnderWay>();
  readonly #unsubscribe: () => void;

  constructor(
    { traffic }: Settings,
    private readonly flags: FeatureFlags,
  ) {
    this.#max = traffic.maxConcurrentPerUser;
    this.#unsubscribe = exchangeClosed.subscribe(({ exchange }) => {
      this.#leave(exchange);
    });
  }

  /** Users with requests under way. */
  get size(): number {
    return this.#byUser.size;
  }

  /** Throws GatewayError `concurrency_limited`. */
  enter(exchange: Exchange, { userId }: Principal): void {
    // Who hung up while they were being authenticated has closed already, and would be counted for ever.
    if (exchange.hangUp.gone) return;
    const underWay = this.#byUser.get(userId) ?? this.#open(userId);
    const isAllowed = underWay.count < this.#max;
    limitDecided.publish(isAllowed ? ALLOWED : REFUSED);
    if (!isAllowed && this.flags.isEnabled('rate-limit-enforcement')) {
      exchange.ownFields.push(
        'RateLimit-Policy',
        `"concurrency";q=${this.#max};qu="concurrent-requests"`,
        'RateLimit',
        '"concurrency";r=0',
      );
      throw new GatewayError('concurrency_limited', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    underWay.count += 1;
    this.#counted.set(exchange, underWay);
  }

  onApplicationShutdown(): void {
    this.#unsubscribe();
  }

  #open(userId: string): UnderWay {
    const underWay = { userId, count: 0 };
    this.#byUser.set(userId, underWay);
    return underWay;
  }

  #leave(exchange: Exchange): void {
    const underWay = this.#counted.get(exchange);
    if (underWay === undefined) return;
    this.#counted.delete(exchange);
    underWay.count -= 1;
    if (underWay.count === 0) this.#byUser.delete(underWay.userId);
  }
}
