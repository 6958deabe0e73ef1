import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import type { ServiceName } from '../../kernel/services.js';
import { EndpointRegistry } from '../registry/endpoint-registry.js';
import type { ServiceAddress } from '../registry/endpoint-target.js';
import { NameResolver } from './name-resolver.js';

const MIN_TTL_MS = 1_000;
const MAX_TTL_MS = 60_000;
const AFTER_FAILURE_MS = 5_000;

interface Watch {
  readonly service: ServiceName;
  readonly address: Exclude<ServiceAddress, { kind: 'static' }>;
  dueAt: number;
}

/**
 * Keeps the endpoints of services that are addressed by name up to date: looks the names up again when their time to
 * live has passed (1 s to 60 s). A lookup that fails leaves the endpoints known as they are.
 */
@Injectable()
export class Discovery implements OnModuleInit, OnApplicationShutdown {
  readonly #watches: Watch[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(
    private readonly registry: EndpointRegistry,
    private readonly clock: Clock,
    private readonly resolver: NameResolver,
  ) {}

  async onModuleInit(): Promise<void> {
    for (const [service, address] of this.registry.addresses()) {
      if (address.kind !== 'static') this.#watches.push({ service, address, dueAt: 0 });
    }
    if (this.#watches.length > 0) await this.#round();
  }

  onApplicationShutdown(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Looks up what is due. */
  async refreshDue(): Promise<void> {
    const now = this.clock.monotonic();
    await Promise.all(this.#watches.filter((watch) => watch.dueAt <= now).map((watch) => this.#refresh(watch)));
  }

  async #round(): Promise<void> {
    await this.refreshDue();
    if (this.#stopped) return;
    const next = Math.min(...this.#watches.map((watch) => watch.dueAt)) - this.clock.monotonic();
    this.#timer = setTimeout(() => void this.#round(), Math.max(MIN_TTL_MS, next)).unref();
  }

  async #refresh(watch: Watch): Promise<void> {
    const found = await this.resolver.resolve(watch.address);
    const now = this.clock.monotonic();
    if (found === undefined) {
      watch.dueAt = now + AFTER_FAILURE_MS;
      return;
    }
    watch.dueAt = now + Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, found.ttlMs));
    if (!this.#stopped) this.registry.assign(watch.service, found.targets);
  }
}
