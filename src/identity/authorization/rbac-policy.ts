import { PERMISSIONS } from '../../kernel/permissions.js';
import type { Grant } from './grant.js';

/** What each role may do. A role or a permission that is not here is refused. */
export type RbacPolicy = Readonly<Record<string, readonly Grant[]>>;

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
  technician: [
    'ingestion:write:own',
    'ingestion:read:own',
    'qc:run:own',
    'qc:read:own',
    'pipelines:read',
    'execution:submit:own',
    'execution:read:own',
  ],
  clinician: ['results:read', 'results:download', 'qc:read'],
  viewer: ['ingestion:read', 'qc:read', 'pipelines:read', 'execution:read', 'results:read', 'monitoring:read'],
  // A service gets what its API key's scopes or RBAC_POLICY_FILE grant it, and nothing by default.
  service: [],
};
