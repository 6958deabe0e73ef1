import { PERMISSIONS, type Permission } from '../../kernel/permissions.js';

/** A permission over everything in the caller's projects, or with `:own` over what the caller has made. */
export type Grant = Permission | `${Permission}:own`;

/** How far a permission reaches. */
export type Reach = 'any' | 'own';

const OWN = ':own';

export const OWN_GRANTS = PERMISSIONS.map((permission): Grant => `${permission}${OWN}`);

/** The grants as permissions with their reach; of two grants of one permission the wider holds. */
export function reachesOf(grants: readonly Grant[]): ReadonlyMap<Permission, Reach> {
  const reaches = new Map<Permission, Reach>();
  for (const grant of grants) {
    const isOwn = grant.endsWith(OWN);
    const permission = (isOwn ? grant.slice(0, -OWN.length) : grant) as Permission;
    if (!isOwn || !reaches.has(permission)) reaches.set(permission, isOwn ? 'own' : 'any');
  }
  return reaches;
}
