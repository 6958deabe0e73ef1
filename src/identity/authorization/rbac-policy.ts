import { PERMISSIONS, type Permission } from '../../kernel/permissions.js';

/** What each role may do. A role or a permission that is not here is refused. */
export type RbacPolicy = Readonly<Record<string, readonly Permission[]>>;

/** The table that holds unless RBAC_POLICY_FILE replaces it. */
export const RBAC_POLICY: RbacPolicy = {
  admin: PERMISSIONS,
  // All but administration; the rights are listed so that a new one is not theirs unseen.
  analyst: [
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
  ],
  // Their own uploads and jobs only: the backends know the owner and enforce it.
  technician: [
    'ingestion:write',
    'ingestion:read',
    'qc:run',
    'qc:read',
    'pipelines:read',
    'execution:submit',
    'execution:read',
  ],
  clinician: ['results:read', 'results:download', 'qc:read'],
  viewer: ['ingestion:read', 'qc:read', 'pipelines:read', 'execution:read', 'results:read', 'monitoring:read'],
  // A service gets what its API key's scopes or RBAC_POLICY_FILE grant it, and nothing by default.
  service: [],
};
