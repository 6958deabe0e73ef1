import type { Permission } from '../../kernel/permissions.js';
import type { Principal } from '../../kernel/principal.js';
import type { RouteAccess } from '../../kernel/route.js';
import type { RbacPolicy } from './rbac-policy.js';

/** Decides whether a caller may use a route; what the policy does not grant is refused. */
export class Authorizer {
  readonly #granted: ReadonlyMap<string, ReadonlySet<Permission>>;

  constructor(policy: RbacPolicy) {
    this.#granted = new Map(Object.entries(policy).map(([role, permissions]) => [role, new Set(permissions)]));
  }

  permit(principal: Principal | undefined, access: RouteAccess): boolean {
    switch (access.kind) {
      case 'public':
        return true;
      case 'signed-in':
        return principal !== undefined;
      case 'permission':
        return principal !== undefined && this.#grants(principal, access.permission);
      default:
        access satisfies never;
        return false;
    }
  }

  /** Everything the caller may do, sorted. */
  permissionsOf({ roles, scopes }: Pick<Principal, 'roles' | 'scopes'>): Permission[] {
    if (scopes !== undefined) return [...scopes].sort();
    return [...new Set(roles.flatMap((role) => [...(this.#granted.get(role) ?? [])]))].sort();
  }

  // An API key has its scopes and nothing else: its role is for the backends to know it by.
  #grants({ roles, scopes }: Principal, permission: Permission): boolean {
    if (scopes !== undefined) return scopes.includes(permission);
    for (const role of roles) if (this.#granted.get(role)?.has(permission) === true) return true;
    return false;
  }
}
