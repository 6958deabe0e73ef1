import type { ExecutionContext } from '@nestjs/common';
import type { Exchange } from './exchange.js';

/**
 * What a handler takes of a request, by `@Req()`: its exchange and the path's identifiers, both checked by then. Nest
 * runs its pipes, and a promise for each, over every other kind of parameter.
 */
export interface RouteRequest<Identifier extends string = never> {
  readonly exchange: Exchange;
  readonly params: Readonly<Record<Identifier, string>>;
}

/** The request that a guard is asked about; `switchToHttp()` would make an object and three closures for each guard. */
export const routeRequestOf = (context: ExecutionContext): RouteRequest => context.getArgByIndex<RouteRequest>(0);
