import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Settings } from '../../kernel/config/settings.js';
import { SERVICE_NAMES, type ServiceName } from '../../kernel/services.js';
import { UpstreamTls } from '../upstream-tls.js';
import { BREAKER_DEFAULTS } from '../resilience/breaker.js';
import { Endpoint, type EndpointOptions } from './endpoint.js';
import { keyOf, parseServiceAddress, type EndpointTarget, type ServiceAddress } from './endpoint-target.js';

const MAX_ENDPOINTS = 64;
const NONE: readonly Endpoint[] = [];

/** Which endpoints each service has at this moment. */
@Injectable()
export class EndpointRegistry implements OnApplicationShutdown {
  readonly #endpoints = new Map<ServiceName, readonly Endpoint[]>();
  readonly #addresses = new Map<ServiceName, ServiceAddress>();
  readonly #retiring = new Set<Endpoint>();
  readonly #options: EndpointOptions;

  constructor(settings: Settings, tls: UpstreamTls) {
    const { upstream } = settings;
    this.#options = {
      limits: { connections: upstream.maxConcurrency, connectTimeoutMs: upstream.connectTimeoutMs },
      breaker: { ...BREAKER_DEFAULTS, openMs: upstream.breakerOpenMs },
      tls,
    };
    tls.onChange(() => {
      for (const endpoint of this.all()) endpoint.reconnect();
    });
    for (const service of SERVICE_NAMES) {
      const text = upstream.urls[service];
      if (text === undefined) continue;
      const address = parseServiceAddress(text);
      this.#addresses.set(service, address);
      if (address.kind === 'static') this.assign(service, address.targets);
    }
  }

  of(service: ServiceName): readonly Endpoint[] {
    return this.#endpoints.get(service) ?? NONE;
  }

  all(): Endpoint[] {
    return [...this.#endpoints.values()].flat();
  }

  /** How each service is addressed, as set; embedded services are not among them. */
  addresses(): ReadonlyMap<ServiceName, ServiceAddress> {
    return this.#addresses;
  }

  /**
   * Gives a service other endpoints. Those that stay keep their connections, breaker and health; the others finish
   * what they have begun. At most 64; identifiers of those gone are given out again, so that metrics stay bounded.
   */
  assign(service: ServiceName, targets: readonly EndpointTarget[]): void {
    const before = new Map(this.of(service).map((endpoint) => [keyOf(endpoint.target), endpoint]));
    const wanted = new Map(targets.slice(0, MAX_ENDPOINTS).map((target) => [keyOf(target), target]));
    const taken = new Set([...before].filter(([key]) => wanted.has(key)).map(([, endpoint]) => endpoint.id));
    const after = [...wanted].map(
      ([key, target]) => before.get(key) ?? new Endpoint(service, firstFree(taken), target, this.#options),
    );
    this.#endpoints.set(service, after);
    for (const [key, endpoint] of before) if (!wanted.has(key)) this.#retire(endpoint);
  }

  async onApplicationShutdown(): Promise<void> {
    const endpoints = [...this.all(), ...this.#retiring];
    this.#endpoints.clear();
    await Promise.all(endpoints.map((endpoint) => endpoint.destroy()));
  }

  #retire(endpoint: Endpoint): void {
    this.#retiring.add(endpoint);
    void endpoint.retire().finally(() => this.#retiring.delete(endpoint));
  }
}

function firstFree(taken: Set<string>): string {
  for (let index = 0; ; index++) {
    const id = String(index);
    if (taken.has(id)) continue;
    taken.add(id);
    return id;
  }
}
