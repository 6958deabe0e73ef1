import type { Router } from 'express';
import type { BackendName } from './backend-name.js';
import type { ServiceContext } from './service-context.js';

/** What a service's folder exports: `src/backends/<name>/<name>.service.ts`. */
export interface BackendDefinition {
  readonly name: BackendName;
  /** One SQL statement each, applied once, in order; a statement that has been applied anywhere is never edited. */
  readonly migrations: readonly string[];
  create(context: ServiceContext): Promise<BackendService>;
}

export interface BackendService {
  /** Mounted at `/` behind identity verification and JSON parsing (1 MiB). */
  readonly router: Router;
  /** Graceful: finishes or hands back work and ends children; called once, after the HTTP server took its last request. */
  stop(): Promise<void>;
}
