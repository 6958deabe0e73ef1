import { assignUrls } from '../../../test/support/assign-urls.js';
import { registryFor, upstreamSettings } from '../../../test/support/upstream-client.js';
import { Balancer, whyNoneAvailable } from './balancer.js';
import type { Endpoint } from './endpoint.js';
import type { EndpointRegistry } from './endpoint-registry.js';

describe('EndpointRegistry', () => {
  let registry: EndpointRegistry;
  beforeEach(() => {
    registry = registryFor(upstreamSettings());
  });
  afterEach(() => registry.onApplicationShutdown());

  it('takes the endpoints from the settings', async () => {
    const { urls } = upstreamSettings().upstream;
    const configured = registryFor(
      upstreamSettings({ urls: { ...urls, qc: 'http://a:1,http://b:2/x', auth: 'dns+http://c:3' } }),
    );
    expect(configured.of('qc').map(({ id, target }) => [id, target.origin, target.basePath])).toEqual([
      ['0', 'http://a:1', ''],
      ['1', 'http://b:2', '/x'],
    ]);
    expect(configured.of('auth')).toEqual([]);
    expect(configured.of('results')).toEqual([]);
    expect([...configured.addresses().keys()]).toEqual(['qc', 'auth']);
    await configured.onApplicationShutdown();
  });

  it('keeps what is known of endpoints that stay and gives out freed identifiers again', () => {
    assignUrls(registry, 'qc', ['http://a:1', 'http://b:2']);
    const [, b] = registry.of('qc');
    b?.markHealthy(false);
    assignUrls(registry, 'qc', ['http://b:2', 'http://c:3']);
    expect(registry.of('qc')[0]).toBe(b);
    expect(registry.of('qc').map(({ id, healthy }) => [id, healthy])).toEqual([
      ['1', false],
      ['0', true],
    ]);
  });

  it('lists each endpoint once and at most 64', () => {
    assignUrls(registry, 'qc', ['http://a:1', 'http://a:1/']);
    expect(registry.of('qc')).toHaveLength(1);
    assignUrls(
      registry,
      'qc',
      Array.from({ length: 100 }, (_, i) => `http://a:${i + 1}`),
    );
    expect(registry.of('qc')).toHaveLength(64);
  });
});

describe('Balancer', () => {
  let registry: EndpointRegistry;
  let endpoints: readonly Endpoint[];
  const balancer = new Balancer();
  beforeEach(() => {
    registry = registryFor(upstreamSettings({ maxConcurrency: 3 }));
    assignUrls(registry, 'qc', ['http://a:1', 'http://b:2', 'http://c:3']);
    endpoints = registry.of('qc');
  });
  afterEach(() => registry.onApplicationShutdown());

  const at = (index: number): Endpoint => endpoints[index] as Endpoint;

  it('lets equals take turns', () => {
    const picked = Array.from({ length: 6 }, () => balancer.pick(endpoints, undefined, 0)?.id);
    expect([...picked].sort()).toEqual(['0', '0', '1', '1', '2', '2']);
    expect(new Set(picked.slice(0, 3)).size).toBe(3);
  });

  it('prefers the one with the fewest calls under way', () => {
    at(0).enter();
    at(2).enter();
    for (let i = 0; i < 5; i++) expect(balancer.pick(endpoints, undefined, 0)).toBe(at(1));
  });

  it('leaves out the unhealthy, the broken and the full', () => {
    at(0).markHealthy(false);
    for (let i = 0; i < 5; i++) at(1).lost(0);
    for (let i = 0; i < 5; i++) expect(balancer.pick(endpoints, undefined, 0)).toBe(at(2));
    for (let i = 0; i < 3; i++) at(2).enter();
    expect(balancer.pick(endpoints, undefined, 0)).toBeUndefined();
  });

  it('avoids the endpoint that has just failed unless it is the only one', () => {
    for (let i = 0; i < 6; i++) expect(balancer.pick(endpoints, at(1), 0)).not.toBe(at(1));
    expect(balancer.pick([at(1)], at(1), 0)).toBe(at(1));
    expect(balancer.pick([at(0)], at(1), 0)).toBe(at(0));
    at(0).markHealthy(false);
    expect(balancer.pick([at(0)], at(1), 0)).toBeUndefined();
  });

  it('says whether a breaker or the lack of endpoints is in the way', () => {
    expect(whyNoneAvailable([], 0)).toMatchObject({ code: 'no_endpoint', retryAfterSeconds: 1 });
    endpoints.forEach((endpoint) => endpoint.markHealthy(false));
    expect(whyNoneAvailable(endpoints, 0)).toMatchObject({ code: 'no_endpoint' });
    at(0).markHealthy(true);
    for (let i = 0; i < 5; i++) at(0).lost(0);
    expect(whyNoneAvailable(endpoints, 0)).toMatchObject({ code: 'breaker_open', retryAfterSeconds: 1 });
  });
});
