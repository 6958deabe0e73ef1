import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { Permission } from './permissions.js';
import type { ResourceReference } from './resources.js';

/** Who may call a route: anybody (with the reason), any signed-in user, or holders of a permission. */
export type RouteAccess =
  | { readonly kind: 'public'; readonly reason: string }
  | { readonly kind: 'signed-in' }
  | { readonly kind: 'permission'; readonly permission: Permission };

/**
 * What a route does with a request's body: refuse one, read JSON (bounded, kept as the bytes that came), stream it,
 * or `stream-or-json`: read it if it is JSON, else leave it to be streamed.
 */
export type RouteBody = 'none' | 'json' | 'stream' | 'stream-or-json';

/**
 * The rate limit a route falls under: the caller's own bucket; that and a stricter one of the caller's for submitting
 * jobs or making download links; the address's login bucket; or none (probes).
 */
export type RouteLimit = 'caller' | 'jobs' | 'links' | 'login' | 'none';

export interface RouteDeclaration {
  readonly access: RouteAccess;
  readonly limit: RouteLimit;
  readonly body: RouteBody;
  /** Where a request may name what belongs to somebody; the caller must be allowed the route's permission on each. */
  readonly resources: readonly ResourceReference[];
}

export const ROUTE_DECLARATION = 'genoflow:route';

type RouteOptions = Partial<Pick<RouteDeclaration, 'limit' | 'body' | 'resources'>>;

/** Carries the declaration into the OpenAPI document, where security and problem answers are derived from it. */
export const ROUTE_EXTENSION = 'x-genoflow-route';
export const BEARER_SCHEME = 'access-token';

function declare(access: RouteAccess, options: RouteOptions): MethodDecorator {
  const { limit = 'caller', body = 'none', resources = [] } = options;
  const declaration: RouteDeclaration = { access, limit, body, resources };
  return applyDecorators(
    SetMetadata(ROUTE_DECLARATION, declaration),
    ApiExtension(ROUTE_EXTENSION, declaration),
    ...(access.kind === 'public' ? [] : [ApiBearerAuth(BEARER_SCHEME)]),
  );
}

/** Opens a route to callers without a token; the reason is for reviewers and is held by a test. */
export const PublicAccess = (reason: string, options: RouteOptions = {}): MethodDecorator =>
  declare({ kind: 'public', reason }, options);

/** Opens a route to every signed-in user. */
export const SignedIn = (options: RouteOptions = {}): MethodDecorator => declare({ kind: 'signed-in' }, options);

/** Opens a route to the holders of a permission. */
export const RequiresPermission = (permission: Permission, options: RouteOptions = {}): MethodDecorator =>
  declare({ kind: 'permission', permission }, options);

const declarations = new WeakMap<object, RouteDeclaration | 'none'>();

/** What a handler's route declares, looked up once; undefined where it declares nothing and must be refused. */
export function routeDeclarationOf(handler: object): RouteDeclaration | undefined {
  let declaration = declarations.get(handler);
  if (declaration === undefined) {
    declaration = (Reflect.getMetadata(ROUTE_DECLARATION, handler) as RouteDeclaration | undefined) ?? 'none';
    declarations.set(handler, declaration);
  }
  return declaration === 'none' ? undefined : declaration;
}
