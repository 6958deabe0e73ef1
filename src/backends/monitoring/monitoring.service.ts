import { Router } from 'express';
import type { BackendDefinition } from '../service/backend-service.js';
import { identityOf } from '../service/identity.js';
import { MetricsCollector } from './metrics-collector.js';
import { PrometheusClient } from './prometheus-client.js';
import { ServiceChecks } from './service-checks.js';

/** Says in one document how the machine, the services and the jobs are. */
export const monitoringService: BackendDefinition = {
  name: 'monitoring',
  migrations: [],
  create({ dataDir, settings, peers, clock, log }) {
    const prometheus = settings.prometheusUrl === undefined ? undefined : new PrometheusClient(settings.prometheusUrl);
    const checks = new ServiceChecks(peers, clock);
    const collector = new MetricsCollector({ dataDir, prometheus, checks, clock, log });
    const router = Router({ caseSensitive: true });
    router.get('/metrics', async (request, response) => {
      identityOf(request);
      response.set('cache-control', 'no-store').json(await collector.collect());
    });
    return Promise.resolve({ router, stop: () => Promise.resolve() });
  },
};
