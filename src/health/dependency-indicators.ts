import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { Clock } from '../kernel/clock.js';
import { SERVICE_NAMES, type ServiceName } from '../kernel/services.js';
import { StateHealth } from '../kernel/state-health.js';
import { EndpointRegistry } from '../upstream/registry/endpoint-registry.js';

type Indicator = () => HealthIndicatorResult;

/** One indicator for each backend and one for the store; they read what is known and ask nobody, so they are free. */
@Injectable()
export class DependencyIndicators {
  constructor(
    private readonly indicator: HealthIndicatorService,
    private readonly registry: EndpointRegistry,
    private readonly store: StateHealth,
    private readonly clock: Clock,
  ) {}

  all(): Indicator[] {
    return [...SERVICE_NAMES.map((service) => () => this.#backend(service)), () => this.#store()];
  }

  /** Up if every instance takes calls, degraded if some do, down if none does. */
  #backend(service: ServiceName): HealthIndicatorResult {
    const now = this.clock.monotonic();
    const endpoints = this.registry.of(service);
    const available = endpoints.filter((endpoint) => endpoint.healthy && endpoint.breaker.admits(now)).length;
    const figures = { instances: endpoints.length, available };
    const session = this.indicator.check(service);
    if (available === 0) return session.down(figures);
    return available < endpoints.length ? session.degraded(figures) : session.up(figures);
  }

  #store(): HealthIndicatorResult {
    const session = this.indicator.check('store');
    return this.store.available() ? session.up() : session.down();
  }
}
