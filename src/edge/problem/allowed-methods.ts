import type { Application } from 'express';

/** Every method that some route takes, and OPTIONS, which the gateway answers itself. */
export const ALL_METHODS: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST'];

interface RouterLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods that this path takes, for Allow (RFC 9110 section 10.2.1); none where there is no route. Off the hot path. */
export function allowedMethods(application: Application, path: string): string[] {
  const layers = (application as unknown as { router: { stack: readonly RouterLayer[] } }).router.stack;
  const methods = new Set<string>();
  for (const layer of layers) {
    if (layer.route === undefined || !layer.match(path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  methods.delete('_ALL');
  if (methods.size === 0) return [];
  if (methods.has('GET')) methods.add('HEAD');
  methods.add('OPTIONS');
  return [...methods].sort();
}
