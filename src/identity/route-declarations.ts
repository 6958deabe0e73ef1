import { ROUTE_DECLARATION, type RouteDeclaration } from '../kernel/route.js';

const known = new WeakMap<object, RouteDeclaration | 'none'>();

/** A handler's route declaration; its metadata is read once. */
export function declarationOf(handler: object): RouteDeclaration | undefined {
  let declaration = known.get(handler);
  if (declaration === undefined) {
    declaration = (Reflect.getMetadata(ROUTE_DECLARATION, handler) as RouteDeclaration | undefined) ?? 'none';
    known.set(handler, declaration);
  }
  return declaration === 'none' ? undefined : declaration;
}
