import type { BackendClock } from './clock.js';
import type { BackendName } from './backend-name.js';
import type { Database } from './database.js';
import type { BackendLog } from './log.js';
import type { Peers } from './peers.js';
import type { BackendSettings } from './settings.js';

/** All that a service is given by the process that runs it. */
export interface ServiceContext {
  readonly name: BackendName;
  /** DATA_DIR/<service>: exists, absolute, this service's alone. */
  readonly dataDir: string;
  readonly database: Database;
  readonly peers: Peers;
  readonly settings: BackendSettings;
  readonly log: BackendLog;
  readonly clock: BackendClock;
}
