/** Where one instance of a service is. */
export interface EndpointTarget {
  /** `http` or `https`, host and port; what the Host field and TLS server name are made from. */
  readonly origin: string;
  /** Without a slash at the end; empty for none. */
  readonly basePath: string;
  /** The IP address to connect to where discovery has resolved the name already. */
  readonly address?: string;
  /** The name to show a certificate for where it is not the origin's host. */
  readonly serverName?: string;
}

/** What a service's setting asks for. */
export type ServiceAddress =
  | { readonly kind: 'static'; readonly targets: readonly EndpointTarget[] }
  | { readonly kind: 'dns'; readonly name: string; readonly target: EndpointTarget }
  | { readonly kind: 'srv'; readonly name: string; readonly protocol: string; readonly basePath: string };

/** Reads `http://a:1/base,http://b:2`, `dns+http://name:port/base` or `srv+http://_http._tcp.name`. Throws on others. */
export function parseServiceAddress(text: string): ServiceAddress {
  const [first = '', ...others] = text.split(',').map((part) => part.trim());
  if (first.startsWith('dns+')) {
    const target = parseTarget(first.slice('dns+'.length));
    return { kind: 'dns', name: new URL(target.origin).hostname, target };
  }
  if (first.startsWith('srv+')) {
    const url = new URL(first.slice('srv+'.length));
    return { kind: 'srv', name: url.hostname, protocol: url.protocol, basePath: basePathOf(url) };
  }
  return { kind: 'static', targets: [first, ...others].map(parseTarget) };
}

export function parseTarget(text: string): EndpointTarget {
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError('a service URL must be http or https');
  if (url.username !== '' || url.password !== '') throw new TypeError('a service URL must not carry credentials');
  return { origin: url.origin, basePath: basePathOf(url) };
}

const basePathOf = (url: URL): string => url.pathname.replace(/\/+$/, '');

/** Two targets with the same key are the same endpoint. */
export const keyOf = (target: EndpointTarget): string => `${target.origin}${target.basePath} ${target.address ?? ''}`;
