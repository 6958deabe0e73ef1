import { lookup, Resolver } from 'node:dns/promises';
import { Injectable } from '@nestjs/common';
import type { EndpointTarget, ServiceAddress } from '../registry/endpoint-target.js';

const QUERY_TIMEOUT_MS = 2_000;
const QUERY_TRIES = 2;
/** For answers whose time to live is not told: SRV records and the system's own resolver. */
const UNTOLD_TTL_MS = 10_000;

export interface Resolution {
  readonly targets: readonly EndpointTarget[];
  readonly ttlMs: number;
}

type NamedAddress = Exclude<ServiceAddress, { kind: 'static' }>;

/** Turns a name into endpoints. */
@Injectable()
export class NameResolver {
  readonly #resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES });

  /** Undefined if the name could not be resolved. */
  async resolve(address: NamedAddress): Promise<Resolution | undefined> {
    const found = address.kind === 'dns' ? await this.#byAddress(address) : await this.#byService(address);
    return found !== undefined && found.targets.length > 0 ? found : undefined;
  }

  /** Name servers to ask instead of the system's, as `address:port`. */
  useServers(servers: readonly string[]): void {
    this.#resolver.setServers(servers);
  }

  async #byAddress({ name, target }: NamedAddress & { kind: 'dns' }): Promise<Resolution | undefined> {
    const answers = await Promise.allSettled([
      this.#resolver.resolve4(name, { ttl: true }),
      this.#resolver.resolve6(name, { ttl: true }),
    ]);
    const records = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (records.length === 0) return this.#bySystem(name, target);
    return {
      targets: records.map(({ address }) => ({ ...target, address })).sort(byAddress),
      ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000,
    };
  }

  // The system's resolver knows search domains and /etc/hosts, which short names in clusters live by.
  async #bySystem(name: string, target: EndpointTarget): Promise<Resolution | undefined> {
    try {
      const records = await lookup(name, { all: true });
      const targets = records.map(({ address }) => ({ ...target, address })).sort(byAddress);
      return { targets, ttlMs: UNTOLD_TTL_MS };
    } catch {
      return undefined;
    }
  }

  // RFC 2782: only the records of the lowest priority are used; weights are left to the balancer's own measure. The name a
  // certificate has to show is the one that was asked for, not what the answer says (RFC 9525 section 6.1).
  async #byService({ name, protocol, basePath }: NamedAddress & { kind: 'srv' }): Promise<Resolution | undefined> {
    try {
      const records = await this.#resolver.resolveSrv(name);
      const lowest = Math.min(...records.map(({ priority }) => priority));
      const targets = records
        .filter(({ priority, name: host }) => priority === lowest && host !== '' && host !== '.')
        .map(({ name: host, port }) => ({
          origin: `${protocol}//${host}:${port}`,
          basePath,
          serverName: domainOf(name),
        }));
      return { targets, ttlMs: UNTOLD_TTL_MS };
    } catch {
      return undefined;
    }
  }
}

/** Without the labels of service and protocol. */
const domainOf = (name: string): string => name.replace(/^_[^.]+\._[^.]+\./, '');

const byAddress = (a: EndpointTarget, b: EndpointTarget): number => (a.address ?? '').localeCompare(b.address ?? '');
