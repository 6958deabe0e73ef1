import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { assignUrls } from '../../test/support/assign-urls.js';
import { httpUpstream } from '../../test/support/loopback-upstream.js';
import { callTo, upstreamSettings } from '../../test/support/upstream-client.js';
import { until } from '../../test/support/until.js';
import { Clock, SystemClock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { HealthMonitor } from './health/health-monitor.js';
import { OutboundIdentity } from './outbound-identity.js';
import { ProxyService } from './proxy.service.js';
import { EndpointRegistry } from './registry/endpoint-registry.js';
import { UpstreamClient } from './upstream-client.js';
import { UpstreamModule } from './upstream.module.js';

@Global()
@Module({
  providers: [
    { provide: Settings, useValue: upstreamSettings() },
    { provide: Clock, useClass: SystemClock },
    { provide: OutboundIdentity, useValue: { fieldsFor: () => [] } },
  ],
  exports: [Settings, Clock, OutboundIdentity],
})
class Surroundings {}

describe('UpstreamModule', () => {
  it('starts, probes endpoints that come at run time, calls them and stops', async () => {
    const paths: (string | undefined)[] = [];
    await using upstream = await httpUpstream((request, response) => {
      paths.push(request.url);
      response.end('ok');
    });
    const module = await Test.createTestingModule({ imports: [Surroundings, UpstreamModule] }).compile();
    await module.init();
    expect(module.get(ProxyService)).toBeInstanceOf(ProxyService);
    expect(module.get(HealthMonitor).firstRoundDone).toBe(false);
    assignUrls(module.get(EndpointRegistry), 'qc', [upstream.url]);
    await until(() => module.get(HealthMonitor).firstRoundDone);
    expect(paths).toEqual(['/health']);
    expect((await module.get(UpstreamClient).fetch(callTo())).body.toString()).toBe('ok');
    await module.close();
    await expect(module.get(UpstreamClient).fetch(callTo())).rejects.toMatchObject({ code: 'no_endpoint' });
  });
});
