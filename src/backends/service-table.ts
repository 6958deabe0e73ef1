import type { BackendDefinition } from './service/backend-service.js';
import { BACKEND_NAMES, type BackendName } from './service/backend-name.js';

const MODULES: Readonly<Record<BackendName, { readonly path: string; readonly member: string }>> = {
  auth: { path: './auth/auth.service.js', member: 'authService' },
  ingestion: { path: './ingestion/ingestion.service.js', member: 'ingestionService' },
  qc: { path: './qc/qc.service.js', member: 'qcService' },
  pipelines: { path: './pipelines/pipelines.service.js', member: 'pipelinesService' },
  execution: { path: './execution/execution.service.js', member: 'executionService' },
  results: { path: './results/results.service.js', member: 'resultsService' },
  monitoring: { path: './monitoring/monitoring.service.js', member: 'monitoringService' },
};

/** Loads one service's definition, and none of the others' code. */
export async function loadDefinition(name: BackendName): Promise<BackendDefinition> {
  const { path, member } = MODULES[name];
  const loaded = (await import(path)) as Record<string, BackendDefinition>;
  const definition = loaded[member];
  if (definition === undefined) throw new Error(`${path} exports no ${member}.`);
  return definition;
}

/** All seven, in the order in which they are created. A module that is not there is told and left out. */
export async function loadAllDefinitions(missing: (name: BackendName) => void): Promise<BackendDefinition[]> {
  const definitions: BackendDefinition[] = [];
  for (const name of BACKEND_NAMES) {
    try {
      definitions.push(await loadDefinition(name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
      missing(name);
    }
  }
  return definitions;
}
