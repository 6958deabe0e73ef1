import { join } from 'node:path';
import type { BackendDefinition } from './backend-service.js';
import { DEFAULT_PORTS, type BackendName } from './backend-name.js';
import { systemClock } from './clock.js';
import { openEmbedded, openPostgres, type OpenDatabase } from './database.js';
import { openIdentityTokens } from './open-identity-tokens.js';
import { createLog, type BackendLog } from './log.js';
import { RunningService } from './running-service.js';
import { defaultServiceUrls, type BackendSettings } from './settings.js';

const STOP_GRACE_MS = 20_000;

export type ServiceUrls = Partial<Record<BackendName, string>>;

/** Services that share one process, one database handle and one log. */
export class BackendProcess {
  private constructor(
    readonly urls: ServiceUrls,
    readonly log: BackendLog,
    private readonly services: readonly RunningService[],
    private readonly opened: OpenDatabase,
  ) {}

  /** One service on its own port; peers where the settings say, else on their default ports. */
  static single(definition: BackendDefinition, settings: BackendSettings): Promise<BackendProcess> {
    const port = settings.port ?? DEFAULT_PORTS[definition.name];
    const directory = join(settings.dataDir, definition.name, 'database');
    return BackendProcess.start([definition], settings, () => port, directory);
  }

  /** All services on loopback, over one database. */
  static embedded(
    definitions: readonly BackendDefinition[],
    settings: BackendSettings,
    portOf: (name: BackendName) => number,
  ): Promise<BackendProcess> {
    return BackendProcess.start(definitions, settings, portOf, join(settings.dataDir, 'database'));
  }

  private static async start(
    definitions: readonly BackendDefinition[],
    settings: BackendSettings,
    portOf: (name: BackendName) => number,
    directory: string,
  ): Promise<BackendProcess> {
    const log = createLog(settings.logLevel);
    const { databaseUrl } = settings;
    const opened = databaseUrl === undefined ? await openEmbedded(directory) : openPostgres(databaseUrl, log);
    const urls: ServiceUrls = {};
    const defaults = defaultServiceUrls();
    const addressOf = (name: BackendName): string => urls[name] ?? settings.serviceUrls[name] ?? defaults[name];
    const tokens = openIdentityTokens(settings, systemClock, log);
    const surroundings = { settings, tokens, database: opened.database, log, clock: systemClock, addressOf };
    const services = definitions.map((definition) => new RunningService(definition, surroundings));
    const running = new BackendProcess(urls, log, services, opened);
    try {
      for (const service of services) {
        const port = await service.listen(portOf(service.definition.name));
        urls[service.definition.name] = `http://${hostOf(settings.host)}:${port}`;
      }
      for (const service of services) await service.create();
      return running;
    } catch (error) {
      await running.stop(0);
      throw error;
    }
  }

  /** Stops all services together, then closes the database. */
  async stop(graceMs = STOP_GRACE_MS): Promise<void> {
    const outcomes = await Promise.allSettled(this.services.map((service) => service.stop(graceMs)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') this.log.fault('stop_failed', outcome.reason);
    await this.opened.close();
  }
}

/** An address that this machine can call, for a service that listens on all interfaces or on IPv6. */
function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
