import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { assignUrls } from '../../../test/support/assign-urls.js';
import { httpUpstream, refusingUrl } from '../../../test/support/loopback-upstream.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { upstreamSettings } from '../../../test/support/upstream-client.js';
import { endpointHealthChanged, type EndpointHealthChanged } from '../../kernel/events.js';
import { UpstreamTls } from '../upstream-tls.js';
import { EndpointRegistry } from '../registry/endpoint-registry.js';
import { HealthMonitor } from './health-monitor.js';

function monitorOf(urls: readonly string[], healthIntervalMs = 1_000) {
  const clock = new ManualClock();
  const settings = upstreamSettings({ healthIntervalMs, timeoutMs: 200 });
  const tls = new UpstreamTls(settings, clock);
  const registry = new EndpointRegistry(settings, tls);
  assignUrls(registry, 'qc', urls);
  const monitor = new HealthMonitor(new HttpService(axios.create()), registry, settings, clock, tls);
  return {
    clock,
    registry,
    monitor,
    healthy: () => registry.of('qc').map((endpoint) => endpoint.healthy),
    async [Symbol.asyncDispose]() {
      monitor.beforeApplicationShutdown();
      await registry.onApplicationShutdown();
    },
  };
}

describe('HealthMonitor', () => {
  it('asks <base>/health and takes any answer below 500 for a sign of life', async () => {
    const paths: (string | undefined)[] = [];
    await using upstream = await httpUpstream((request, response) => {
      paths.push(request.url);
      response.writeHead(404).end();
    });
    await using subject = monitorOf([`${upstream.url}/base`]);
    expect(subject.monitor.firstRoundDone).toBe(false);
    await subject.monitor.probeDue();
    expect(subject.monitor.firstRoundDone).toBe(true);
    expect(paths).toEqual(['/base/health']);
    expect(subject.healthy()).toEqual([true]);
  });

  it('gives an endpoint up after two probes without life and takes it back after one with', async () => {
    let status = 503;
    await using upstream = await httpUpstream((_request, response) => response.writeHead(status).end());
    await using subject = monitorOf([upstream.url, await refusingUrl()]);
    const changes: EndpointHealthChanged[] = [];
    const stop = endpointHealthChanged.subscribe((change) => changes.push(change));
    await subject.monitor.probeDue();
    expect(subject.healthy()).toEqual([true, true]);
    subject.clock.advance(1_001);
    await subject.monitor.probeDue();
    expect(subject.healthy()).toEqual([false, false]);
    status = 200;
    subject.clock.advance(1_001);
    await subject.monitor.probeDue();
    stop();
    expect(subject.healthy()).toEqual([true, false]);
    expect(changes.filter(({ endpoint }) => endpoint === '0')).toEqual([
      { service: 'qc', endpoint: '0', healthy: false },
      { service: 'qc', endpoint: '0', healthy: true },
    ]);
    expect(changes.filter(({ endpoint }) => endpoint === '1')).toEqual([
      { service: 'qc', endpoint: '1', healthy: false },
    ]);
  });

  it('connects to the address that discovery found', async () => {
    const hosts: (string | undefined)[] = [];
    await using upstream = await httpUpstream((request, response) => {
      hosts.push(request.headers.host);
      response.end();
    });
    await using subject = monitorOf([]);
    const origin = `http://qc.nowhere.invalid:${upstream.port}`;
    subject.registry.assign('qc', [{ origin, basePath: '', address: '127.0.0.1' }]);
    await subject.monitor.probeDue();
    expect(hosts).toEqual([`qc.nowhere.invalid:${upstream.port}`]);
  });

  it('takes silence for no life, and waits for nobody longer than the timeout', async () => {
    await using upstream = await httpUpstream(() => {});
    await using subject = monitorOf([upstream.url]);
    await subject.monitor.probeDue();
    subject.clock.advance(1_001);
    await subject.monitor.probeDue();
    expect(subject.healthy()).toEqual([false]);
  });

  it('probes no endpoint before it is due, nor twice at once', async () => {
    let count = 0;
    await using upstream = await httpUpstream((_request, response) => {
      count += 1;
      response.end();
    });
    await using subject = monitorOf([upstream.url], 10_000);
    await Promise.all([subject.monitor.probeDue(), subject.monitor.probeDue()]);
    expect(count).toBe(1);
    subject.clock.advance(7_999);
    await subject.monitor.probeDue();
    expect(count).toBe(1);
    subject.clock.advance(2_001);
    await subject.monitor.probeDue();
    expect(count).toBe(2);
  });

  it('has not looked at everything while an endpoint is still being probed', async () => {
    await using upstream = await httpUpstream(() => {});
    await using subject = monitorOf([upstream.url]);
    const probing = subject.monitor.probeDue();
    await subject.monitor.probeDue();
    expect(subject.monitor.firstRoundDone).toBe(false);
    await probing;
    expect(subject.monitor.firstRoundDone).toBe(true);
  });

  it('probes by itself from the start until the shutdown', async () => {
    let count = 0;
    await using upstream = await httpUpstream((_request, response) => {
      count += 1;
      response.end();
    });
    await using subject = monitorOf([upstream.url]);
    subject.monitor.onApplicationBootstrap();
    while (!subject.monitor.firstRoundDone) await new Promise((resolve) => setTimeout(resolve, 5));
    subject.monitor.beforeApplicationShutdown();
    expect(count).toBe(1);
    subject.clock.advance(5_000);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(count).toBe(1);
  });
});
