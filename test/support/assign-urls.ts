import type { ServiceName } from '../../src/kernel/services.js';
import type { EndpointRegistry } from '../../src/upstream/registry/endpoint-registry.js';
import { parseTarget } from '../../src/upstream/registry/endpoint-target.js';

/** Gives a service these endpoints, as discovery would. */
export const assignUrls = (registry: EndpointRegistry, service: ServiceName, urls: readonly string[]): void => {
  registry.assign(service, urls.map(parseTarget));
};
