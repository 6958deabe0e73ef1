import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Exchange } from '../../kernel/exchange.js';
import type { Permission } from '../../kernel/permissions.js';
import type { Principal } from '../../kernel/principal.js';
import { routeDeclarationOf, type RouteDeclaration } from '../../kernel/route.js';
import { projectForbidden, resourceNotFound, unauthenticated } from '../identity.errors.js';
import { refuse } from '../refuse.js';
import { Authorizer } from './authorizer.js';
import { projectNamed, resourcesNamed, type NamedResource, type NamingRequest } from './named-resources.js';
import { ResourceOwners } from './resource-owners.js';

interface ResourceRequest {
  readonly exchange: Exchange;
  readonly params: Readonly<Record<string, string>>;
  /** Parsed by then, where the route takes JSON. */
  readonly body: unknown;
}

/**
 * Stands last, when path and body are read: what a request names must be in the caller's projects, and the caller's own
 * where their rights reach no further. Somebody else's is as unknown as what never was. Callers whose rights reach
 * everything pass without a question.
 */
@Injectable()
export class ResourceGuard implements CanActivate {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly owners: ResourceOwners,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const declaration = routeDeclarationOf(context.getHandler());
    if (declaration?.access.kind !== 'permission' || declaration.resources.length === 0) return true;
    const request = context.getArgByIndex<ResourceRequest>(0);
    const { principal } = request.exchange;
    if (principal === undefined) throw unauthenticated();
    const { permission } = declaration.access;
    if (this.authorizer.canAll(principal, permission)) return true;
    return this.#check(request, principal, permission, declaration).catch((error: unknown) =>
      refuse(request.exchange, error),
    );
  }

  async #check(
    { exchange, params, body }: ResourceRequest,
    principal: Principal,
    permission: Permission,
    { resources }: RouteDeclaration,
  ): Promise<true> {
    const request: NamingRequest = { params, query: exchange.query, body };
    const project = projectNamed(request);
    if (project !== undefined && !this.authorizer.belongsTo(principal, project)) throw projectForbidden();
    await Promise.all(
      resourcesNamed(request, resources).map((resource) => this.#admit(principal, permission, resource)),
    );
    return true;
  }

  async #admit(principal: Principal, permission: Permission, { kind, id }: NamedResource): Promise<void> {
    const ownership = await this.owners.of(kind, id);
    if (ownership === undefined || !this.authorizer.can(principal, permission, ownership)) throw resourceNotFound();
  }
}
