import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { PERMISSIONS } from '../../kernel/permissions.js';
import { OWN_GRANTS } from './grant.js';
import type { RbacPolicy } from './rbac-policy.js';

const MAX_FILE_BYTES = 64 * 1024;

const grants = z.array(z.enum([...PERMISSIONS, ...OWN_GRANTS])).max(128);

const FILE = z.strictObject({
  roles: z.record(
    z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/),
    z.preprocess((given) => (given === '*' ? PERMISSIONS : given), grants),
  ),
});

/**
 * Reads a policy that replaces the built-in table: `{"roles": {"<role>": ["<permission>" or "<permission>:own", ...] | "*"}}`. Throws an Error
 * that names every fault, so that the gateway does not start on half a policy.
 */
export function readRbacPolicyFile(path: string): RbacPolicy {
  const parsed = FILE.safeParse(readJson(path));
  if (parsed.success) return parsed.data.roles;
  const faults = parsed.error.issues.map((issue) => `  - /${issue.path.map(String).join('/')}: ${issue.message}`);
  throw new Error(`RBAC_POLICY_FILE: the policy is not valid:\n${faults.join('\n')}`);
}

function readJson(path: string): unknown {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new Error('larger than 64 KiB');
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error('RBAC_POLICY_FILE: the file cannot be read as JSON of at most 64 KiB', { cause: error });
  }
}
