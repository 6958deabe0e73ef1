import type { Pool } from 'undici';
import { breakerChanged, endpointHealthChanged } from '../../kernel/events.js';
import type { ServiceName } from '../../kernel/services.js';
import { Breaker, type BreakerOptions } from '../resilience/breaker.js';
import { connectionPool, type ConnectionLimits } from '../transport/connection-pool.js';
import type { UpstreamTls } from '../upstream-tls.js';
import type { EndpointTarget } from './endpoint-target.js';

export interface EndpointOptions {
  readonly limits: ConnectionLimits;
  readonly breaker: BreakerOptions;
  readonly tls: UpstreamTls;
}

const FAILING_STATUSES: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/**
 * One instance of a service and all that is known of it. Probes say whether it is healthy, calls feed its breaker, and
 * it alone answers whether it can take another call.
 */
export class Endpoint {
  readonly breaker: Breaker;
  #pool: Pool;
  /** Pools of before whose calls are not over. */
  readonly #closing = new Set<Pool>();
  #healthy = true;
  #outstanding = 0;

  /** `id` is its place in the registry: events and metrics know it by that, never by its address. */
  constructor(
    readonly service: ServiceName,
    readonly id: string,
    readonly target: EndpointTarget,
    private readonly options: EndpointOptions,
  ) {
    this.#pool = this.#open();
    this.breaker = new Breaker(options.breaker, (state) => {
      breakerChanged.publish({ service, endpoint: id, state });
    });
  }

  get pool(): Pool {
    return this.#pool;
  }

  /** What the last probes found; an endpoint not yet probed counts as healthy. */
  get healthy(): boolean {
    return this.#healthy;
  }

  /** Calls under way. */
  get outstanding(): number {
    return this.#outstanding;
  }

  available(now: number): boolean {
    return this.#healthy && this.#outstanding < this.options.limits.connections && this.breaker.admits(now);
  }

  /** Takes note of a call; `leave` must follow. */
  enter(): void {
    this.#outstanding += 1;
    this.breaker.enter();
  }

  leave(): void {
    this.#outstanding -= 1;
  }

  /** The head of an answer came; some statuses tell of a failure. */
  answered(status: number, now: number): void {
    if (FAILING_STATUSES.has(status)) this.breaker.failed(false, now);
    else this.breaker.succeeded(now);
  }

  /** The answer came whole. */
  completed(): void {
    this.breaker.completed();
  }

  /** The connection failed, the answer was no HTTP, or none came in time. */
  lost(now: number): void {
    this.breaker.failed(true, now);
  }

  /** The call ended for a reason that is not the endpoint's. */
  forgive(): void {
    this.breaker.forgiven();
  }

  markHealthy(healthy: boolean): void {
    if (healthy === this.#healthy) return;
    this.#healthy = healthy;
    endpointHealthChanged.publish({ service: this.service, endpoint: this.id, healthy });
  }

  /** Has all calls from now on go over new connections, by new certificates; those under way finish on theirs. */
  reconnect(): void {
    if (!this.target.origin.startsWith('https:')) return;
    const former = this.#pool;
    this.#pool = this.#open();
    this.#closing.add(former);
    void former.close().finally(() => this.#closing.delete(former));
  }

  /** Lets calls under way finish, then closes the connections. */
  async retire(): Promise<void> {
    await this.#pool.close();
  }

  /** Breaks calls under way. */
  async destroy(): Promise<void> {
    await Promise.all([this.#pool, ...this.#closing].map((pool) => pool.destroy()));
  }

  #open(): Pool {
    return connectionPool(this.target, this.options.limits, this.options.tls);
  }
}
