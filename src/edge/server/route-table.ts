import type { GatewayRequest, GatewayResponse } from './message-classes.js';

/** What Nest registers for a route: guards, interceptors, pipes, handler and filters in one function. */
export type RouteHandler = (request: GatewayRequest, response: GatewayResponse, next: () => void) => unknown;

interface Route {
  readonly path: string;
  readonly handler: RouteHandler;
  readonly parameters: readonly string[];
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | undefined;
  readonly routes: Map<string, Route>;
}

const LITERAL_OR_PARAMETER = /^(:\w+|[\w.~-]+)$/;

/**
 * Finds the handler of a route in one walk down its segments. Express asks its layers one by one and makes closures on
 * the way, which costs more than all our guards together; what is not found here is left to it.
 */
export class RouteTable {
  readonly #root = newNode();

  /** Ignores a template that is more than literal segments and whole-segment parameters. */
  add(method: string, template: string, handler: RouteHandler): void {
    const segments = segmentsOf(template);
    if (!segments.every((segment) => LITERAL_OR_PARAMETER.test(segment))) return;
    let node = this.#root;
    for (const segment of segments)
      node = segment.startsWith(':') ? (node.parameter ??= newNode()) : childOf(node, segment);
    const parameters = segments.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1));
    if (!node.routes.has(method)) node.routes.set(method, { path: template, handler, parameters });
  }

  /** Hands the request to its route's handler; false where there is none. The path holds no percent-encoding by then. */
  dispatch(request: GatewayRequest, response: GatewayResponse, next: () => void): boolean {
    const url = request.url ?? '';
    const queryAt = url.indexOf('?');
    const end = queryAt < 0 ? url.length : queryAt;
    const values: string[] = [];
    let node: Node | undefined = this.#root;
    for (let start = 1; node !== undefined && start <= end;) {
      const slash = url.indexOf('/', start);
      const stop = slash < 0 || slash > end ? end : slash;
      if (stop === start) return false;
      const segment = url.slice(start, stop);
      const literal: Node | undefined = node.literals.get(segment);
      if (literal === undefined) values.push(segment);
      node = literal ?? node.parameter;
      start = stop + 1;
    }
    const method = request.method ?? '';
    const route = node?.routes.get(method) ?? (method === 'HEAD' ? node?.routes.get('GET') : undefined);
    if (route === undefined) return false;
    request.params = paramsOf(route.parameters, values);
    request.route = route;
    request.originalUrl = url;
    // Express's own methods of both messages look for the other here.
    request.res = response;
    route.handler(request, response, next);
    return true;
  }
}

const segmentsOf = (template: string): string[] => template.split('/').slice(1);

const newNode = (): Node => ({ literals: new Map(), parameter: undefined, routes: new Map() });

function childOf(node: Node, segment: string): Node {
  let child = node.literals.get(segment);
  if (child === undefined) node.literals.set(segment, (child = newNode()));
  return child;
}

function paramsOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (let index = 0; index < names.length; index += 1) params[names[index] ?? ''] = values[index] ?? '';
  return params;
}
