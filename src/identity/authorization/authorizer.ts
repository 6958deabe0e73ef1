import type { Permission } from '../../kernel/permissions.js';
import { ALL_PROJECTS, type Principal } from '../../kernel/principal.js';
import type { RouteAccess } from '../../kernel/route.js';
import { reachesOf, type Reach } from './grant.js';
import type { RbacPolicy } from './rbac-policy.js';

/** Whose a resource is. */
export interface Ownership {
  readonly owner: string;
  readonly project: string;
}

/** Decides whether a caller may use a route, and on what; what the policy does not grant is refused. */
export class Authorizer {
  readonly #reaches: ReadonlyMap<string, ReadonlyMap<Permission, Reach>>;

  constructor(policy: RbacPolicy) {
    this.#reaches = new Map(Object.entries(policy).map(([role, grants]) => [role, reachesOf(grants)]));
  }

  permit(principal: Principal | undefined, access: RouteAccess): boolean {
    switch (access.kind) {
      case 'public':
        return true;
      case 'signed-in':
        return principal !== undefined;
      case 'permission':
        return principal !== undefined && this.reachOf(principal, access.permission) !== undefined;
      default:
        access satisfies never;
        return false;
    }
  }

  /** Whether the caller may do this to that resource. */
  can(principal: Principal, permission: Permission, { owner, project }: Ownership): boolean {
    if (!this.belongsTo(principal, project)) return false;
    const reach = this.reachOf(principal, permission);
    return reach === 'any' || (reach === 'own' && owner === principal.userId);
  }

  /** Whether the caller may do this to whatever there is: no resource needs to be asked about. */
  canAll(principal: Principal, permission: Permission): boolean {
    return principal.projects.includes(ALL_PROJECTS) && this.reachOf(principal, permission) === 'any';
  }

  belongsTo({ projects }: Principal, project: string): boolean {
    return projects.includes(project) || projects.includes(ALL_PROJECTS);
  }

  /** Everything the caller may do, be it only to what is their own; sorted. */
  permissionsOf({ roles, scopes }: Pick<Principal, 'roles' | 'scopes'>): Permission[] {
    if (scopes !== undefined) return [...scopes].sort();
    return [...new Set(roles.flatMap((role) => [...(this.#reaches.get(role)?.keys() ?? [])]))].sort();
  }

  /**
   * How far a permission of the caller's reaches; undefined where they do not hold it. An API key has its scopes and
   * nothing else: its role is for the backends to know it by.
   */
  reachOf({ roles, scopes }: Principal, permission: Permission): Reach | undefined {
    if (scopes !== undefined) return scopes.includes(permission) ? 'any' : undefined;
    let widest: Reach | undefined;
    for (const role of roles) {
      const reach = this.#reaches.get(role)?.get(permission);
      if (reach === 'any') return reach;
      widest ??= reach;
    }
    return widest;
  }
}
