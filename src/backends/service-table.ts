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

/** All seven, in the order in which they are created. */
export const loadAllDefinitions = (): Promise<BackendDefinition[]> => Promise.all(BACKEND_NAMES.map(loadDefinition));
