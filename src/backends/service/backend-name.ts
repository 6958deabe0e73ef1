/** The seven services, in the order in which the embedded process creates them: peers before those who ask them. */
export const BACKEND_NAMES = ['auth', 'ingestion', 'results', 'execution', 'pipelines', 'qc', 'monitoring'] as const;

export type BackendName = (typeof BACKEND_NAMES)[number];

/** Where a service run by itself listens unless PORT says otherwise. */
export const DEFAULT_PORTS: Readonly<Record<BackendName, number>> = {
  ingestion: 8001,
  qc: 8002,
  pipelines: 8003,
  execution: 8004,
  results: 8005,
  monitoring: 8006,
  auth: 8007,
};

export const isBackendName = (name: string): name is BackendName => (BACKEND_NAMES as readonly string[]).includes(name);
