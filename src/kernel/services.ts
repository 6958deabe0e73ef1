/** The seven backend services of the platform; also the names under which logs, metrics and health reports know them. */
export const SERVICE_NAMES = ['ingestion', 'qc', 'pipelines', 'execution', 'results', 'monitoring', 'auth'] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

/** The environment variable that carries each service's address list. */
export const SERVICE_URL_VARIABLES: Readonly<Record<ServiceName, string>> = {
  ingestion: 'DATA_INGESTION_SERVICE_URL',
  qc: 'QC_SERVICE_URL',
  pipelines: 'PIPELINE_SERVICE_URL',
  execution: 'EXECUTION_SERVICE_URL',
  results: 'RESULTS_SERVICE_URL',
  monitoring: 'MONITORING_SERVICE_URL',
  auth: 'AUTH_SERVICE_URL',
};
