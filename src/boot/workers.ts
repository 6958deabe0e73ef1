import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { schemeOf, type Settings } from '../kernel/config/settings.js';
import { SERVICE_NAMES, SERVICE_URL_VARIABLES } from '../kernel/services.js';
import { answerScrapesOfWorkers } from '../telemetry/metrics/cluster-scrape.js';
import { EmbeddedBackends, type ServiceUrls } from './embedded-backends.js';
import type { RunningGateway } from './run-gateway.js';
import { StartError } from './start-error.js';

const RESTART_DELAY_MS = 1_000;

/**
 * Serves with several processes on one port (node:cluster). This one starts the embedded backends where they are wanted
 * and replaces workers that die; the workers share state through Redis, as replicas do.
 */
export async function runWorkers(settings: Settings, environment: NodeJS.ProcessEnv): Promise<RunningGateway> {
  const backends = settings.backends.embedded
    ? new EmbeddedBackends(settings.backends, settings.identity, environment)
    : undefined;
  const variables = backends === undefined ? {} : urlVariables(settings, await backends.start());
  let stopping = false;
  const replace = (): void => {
    if (stopping) return;
    setTimeout(() => {
      if (!stopping) cluster.fork(variables);
    }, RESTART_DELAY_MS);
  };
  answerScrapesOfWorkers();
  for (let index = 0; index < settings.server.workers; index += 1) cluster.fork(variables);
  const url = `${schemeOf(settings)}://${await allListening(settings.server.workers)}`;
  cluster.on('exit', replace);
  return {
    url,
    stop: async () => {
      stopping = true;
      await Promise.all(liveWorkers().map(end));
      await backends?.stop();
    },
  };
}

const liveWorkers = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);

async function end(worker: Worker): Promise<void> {
  const exited = once(worker, 'exit');
  worker.process.kill('SIGTERM');
  await exited;
}

/** Where they listen. A worker that dies before all have listened ends the start: the next would die of the same. */
function allListening(count: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let listening = 0;
    cluster.on('listening', (_worker, { address, port }) => {
      listening += 1;
      if (listening === count) resolve(`${address}:${port}`);
    });
    cluster.once('exit', () => {
      reject(new StartError('A worker ended while it started; its messages are above.'));
    });
  });
}

function urlVariables(settings: Settings, embedded: ServiceUrls): NodeJS.ProcessEnv {
  return Object.fromEntries(
    SERVICE_NAMES.map((name) => [SERVICE_URL_VARIABLES[name], settings.upstream.urls[name] ?? embedded[name]]),
  );
}
