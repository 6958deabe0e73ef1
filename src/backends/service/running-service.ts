import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendDefinition, BackendService } from './backend-service.js';
import type { BackendName } from './backend-name.js';
import type { BackendClock } from './clock.js';
import type { Database } from './database.js';
import { HttpPeers } from './http-peers.js';
import { HttpServer } from './http-server.js';
import type { IdentityTokens } from './identity-tokens.js';
import type { BackendLog } from './log.js';
import { migrate } from './migrations.js';
import type { Peers } from './peers.js';
import { createServiceApp } from './service-app.js';
import type { BackendSettings } from './settings.js';

export interface ServiceSurroundings {
  readonly settings: BackendSettings;
  readonly tokens: IdentityTokens;
  readonly database: Database;
  readonly log: BackendLog;
  readonly clock: BackendClock;
  readonly addressOf: (service: BackendName) => string;
  /** Replaces the peers over HTTP. */
  readonly peers?: Peers;
}

/** One service in this process: listens first, answers 503 until it has been created, stops in the reverse order. */
export class RunningService {
  private service: BackendService | undefined;
  private readonly server: HttpServer;
  private readonly peers: HttpPeers;
  private readonly log: BackendLog;

  constructor(
    readonly definition: BackendDefinition,
    private readonly surroundings: ServiceSurroundings,
  ) {
    const { tokens, clock, database, addressOf } = surroundings;
    this.log = surroundings.log.child(definition.name);
    this.peers = new HttpPeers(definition.name, tokens, addressOf);
    const router = () => this.service?.router;
    this.server = new HttpServer(
      createServiceApp({ name: definition.name, database, tokens, log: this.log, clock, router }),
    );
  }

  async listen(port: number): Promise<number> {
    return this.server.listen(port, this.surroundings.settings.host);
  }

  /** Applies the migrations and creates the service; from here on its routes answer. */
  async create(): Promise<void> {
    const { settings, database, clock, peers } = this.surroundings;
    const dataDir = join(settings.dataDir, this.definition.name);
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await migrate(database, this.definition);
    this.service = await this.definition.create({
      name: this.definition.name,
      dataDir,
      database,
      peers: peers ?? this.peers,
      settings,
      log: this.log,
      clock,
    });
  }

  /** Serves what is under way for `graceMs` at most, then stops the service. */
  async stop(graceMs: number): Promise<void> {
    await this.server.close(graceMs);
    await this.service?.stop();
    await this.peers.close();
  }
}
