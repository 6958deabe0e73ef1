/** Every right a route may ask for; `<domain>:<action>`. */
export const PERMISSIONS = [
  'ingestion:write',
  'ingestion:read',
  'qc:run',
  'qc:read',
  'pipelines:read',
  'pipelines:configure',
  'execution:submit',
  'execution:read',
  'results:read',
  'results:download',
  'monitoring:read',
  'sessions:manage',
  'api-keys:manage',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** The rights an API key may hold: all but the one to make keys, or a key could outlive its end by its offspring. */
export const GRANTABLE_SCOPES = PERMISSIONS.filter((permission) => permission !== 'api-keys:manage');

/** The roles a user may hold. An unknown role grants nothing. */
export const ROLES = ['admin', 'analyst', 'technician', 'clinician', 'viewer', 'service'] as const;

export type Role = (typeof ROLES)[number];
