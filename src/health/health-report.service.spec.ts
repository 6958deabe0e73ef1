import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { assignUrls } from '../../test/support/assign-urls.js';
import { registryFor, upstreamSettings } from '../../test/support/upstream-client.js';
import { Clock, SystemClock } from '../kernel/clock.js';
import { Readiness } from '../kernel/readiness.js';
import { SERVICE_NAMES } from '../kernel/services.js';
import { StateHealth } from '../kernel/state-health.js';
import { HealthMonitor } from '../upstream/health/health-monitor.js';
import { EndpointRegistry } from '../upstream/registry/endpoint-registry.js';
import { HealthModule } from './health.module.js';
import { HealthReportService } from './health-report.service.js';

const store = { up: true, available: () => store.up };
const monitor = { firstRoundDone: false };
const registry = registryFor(upstreamSettings());
const readiness = new Readiness();

@Global()
@Module({
  providers: [
    { provide: Clock, useClass: SystemClock },
    { provide: StateHealth, useValue: store },
    { provide: HealthMonitor, useValue: monitor },
    { provide: EndpointRegistry, useValue: registry },
    { provide: Readiness, useValue: readiness },
  ],
  exports: [Clock, StateHealth, HealthMonitor, EndpointRegistry, Readiness],
})
class Surroundings {}

describe('HealthReportService', () => {
  let reports: HealthReportService;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [Surroundings, HealthModule] }).compile();
    reports = module.get(HealthReportService);
    close = () => module.close();
  });
  afterAll(() => close());

  beforeEach(() => {
    for (const service of SERVICE_NAMES) assignUrls(registry, service, ['http://10.9.8.7:1', 'http://10.9.8.7:2']);
    for (const endpoint of registry.all()) endpoint.markHealthy(true);
    store.up = true;
  });

  it('is well when every instance of every service and the store are there, and names no address', async () => {
    const { status, body } = await reports.summary();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      details: { qc: { status: 'up', instances: 2, available: 2 }, store: { status: 'up' } },
    });
    expect(Object.keys((body as { details: object }).details).sort()).toEqual([...SERVICE_NAMES, 'store'].sort());
    expect(JSON.stringify(body)).not.toContain('10.9.8.7');
  });

  it('is degraded, not down, while another instance takes the calls', async () => {
    registry.of('qc')[0]?.markHealthy(false);
    const { status, body } = await reports.summary();
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'degraded', details: { qc: { status: 'degraded', available: 1 } } });
  });

  it('is down when a service has no instance left, be it by probes or by breakers', async () => {
    registry.of('qc')[0]?.markHealthy(false);
    for (let i = 0; i < 5; i++) registry.of('qc')[1]?.lost(performance.now());
    const { status, body } = await reports.summary();
    expect(status).toBe(503);
    expect(body).toMatchObject({ status: 'error', error: { qc: { status: 'down', instances: 2, available: 0 } } });
    assignUrls(registry, 'qc', []);
  });

  it('is down when the store is away', async () => {
    store.up = false;
    expect(await reports.summary()).toMatchObject({ status: 503, body: { error: { store: { status: 'down' } } } });
  });

  it('is live whatever else is not', () => {
    store.up = false;
    expect(reports.live()).toEqual({ status: 200, body: { status: 'ok' } });
  });

  it('is ready after the first round of probes and until it drains', () => {
    expect(reports.ready()).toEqual({ status: 503, body: { status: 'starting' } });
    monitor.firstRoundDone = true;
    expect(reports.ready()).toEqual({ status: 200, body: { status: 'ok' } });
    readiness.drain();
    expect(reports.ready()).toEqual({ status: 503, body: { status: 'shutting_down' } });
  });
});
