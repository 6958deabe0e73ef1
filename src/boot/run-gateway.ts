import type { AddressInfo } from 'node:net';
import { schemeOf, type Settings } from '../kernel/config/settings.js';
import { SERVICE_NAMES, type ServiceName } from '../kernel/services.js';
import { createGateway } from './create-gateway.js';
import { drain } from './drain.js';
import { EmbeddedBackends } from './embedded-backends.js';

export interface RunningGateway {
  /** Where it listens, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Drains and ends everything that was started. */
  stop(): Promise<void>;
}

/** Starts the embedded backends where they are wanted, then the gateway. */
export async function runGateway(settings: Settings, environment: NodeJS.ProcessEnv): Promise<RunningGateway> {
  const backends = settings.backends.embedded
    ? new EmbeddedBackends(settings.backends, settings.identity, environment)
    : undefined;
  try {
    const app = await createGateway(backends === undefined ? settings : withUrls(settings, await backends.start()));
    await app.listen(settings.server.port, settings.server.host);
    const scheme = schemeOf(settings);
    const { address, port, family } = app.getHttpServer().address() as AddressInfo;
    return {
      url: `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
      stop: async () => {
        await drain(app, settings.server.shutdownTimeoutMs);
        await backends?.stop();
      },
    };
  } catch (error) {
    await backends?.stop();
    throw error;
  }
}

function withUrls(settings: Settings, embedded: Readonly<Record<ServiceName, string>>): Settings {
  const urls = Object.fromEntries(
    SERVICE_NAMES.map((name) => [name, settings.upstream.urls[name] ?? embedded[name]]),
  ) as Record<ServiceName, string>;
  return { ...settings, upstream: { ...settings.upstream, urls } };
}
