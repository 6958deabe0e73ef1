export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

interface RedisAccess {
  readonly addresses: readonly RedisAddress[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

/** Where the shared store is, read from `REDIS_URL`. */
export type RedisTarget =
  | (RedisAccess & { readonly kind: 'single'; readonly database: number })
  | (RedisAccess & { readonly kind: 'cluster' })
  | (RedisAccess & {
      readonly kind: 'sentinel';
      readonly master: string;
      readonly database: number;
      readonly sentinelPassword: string | undefined;
    });

const KINDS = {
  redis: { kind: 'single', port: 6379 },
  rediss: { kind: 'single', port: 6379 },
  'redis+cluster': { kind: 'cluster', port: 6379 },
  'redis+sentinel': { kind: 'sentinel', port: 26379 },
} as const;

const FORM =
  /^(?<scheme>rediss?|redis\+cluster|redis\+sentinel):\/\/(?:(?<access>[^@/?]*)@)?(?<hosts>[^/?@]+)(?:\/(?<path>[^?/]*))?(?:\?(?<query>.*))?$/;
const ADDRESS = /^(?<host>\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(?<port>\d{1,5}))?$/;

/**
 * Reads `redis://`, `rediss://` (TLS), `redis+cluster://h1:p1,h2:p2?tls=true` and
 * `redis+sentinel://[user:password@]h1:p1,h2:p2/master?db=0&tls=true&sentinel_password=...`.
 * Throws an Error that names the fault and never the value.
 */
export function readRedisTarget(url: string): RedisTarget {
  const parts = FORM.exec(url)?.groups;
  if (parts === undefined) throw new Error('REDIS_URL: is not a Redis address');
  const scheme = parts['scheme'] as keyof typeof KINDS;
  const { kind, port } = KINDS[scheme];
  const query = new URLSearchParams(parts['query']);
  const access: RedisAccess = {
    addresses: (parts['hosts'] ?? '').split(',').map((text) => readAddress(text, port)),
    ...readAccess(parts['access']),
    tls: scheme === 'rediss' || query.get('tls') === 'true',
  };
  switch (kind) {
    case 'single':
      if (access.addresses.length > 1) throw new Error('REDIS_URL: several hosts need redis+cluster or redis+sentinel');
      return { kind, ...access, database: readDatabase(parts['path'] || query.get('db')) };
    case 'cluster':
      return { kind, ...access };
    case 'sentinel':
      return {
        kind,
        ...access,
        master: parts['path'] || 'mymaster',
        database: readDatabase(query.get('db')),
        sentinelPassword: query.get('sentinel_password') ?? undefined,
      };
  }
}

function readAddress(text: string, defaultPort: number): RedisAddress {
  const parts = ADDRESS.exec(text)?.groups;
  const port = Number(parts?.['port'] ?? defaultPort);
  if (parts?.['host'] === undefined || port < 1 || port > 65535) {
    throw new Error('REDIS_URL: every host must be name, name:port, [IPv6] or [IPv6]:port');
  }
  return { host: parts['host'].replace(/^\[|\]$/g, ''), port };
}

function readAccess(text: string | undefined): Pick<RedisAccess, 'username' | 'password'> {
  if (text === undefined || text === '') return { username: undefined, password: undefined };
  const colon = text.indexOf(':');
  if (colon < 0) return { username: undefined, password: decode(text) };
  return { username: decode(text.slice(0, colon)) || undefined, password: decode(text.slice(colon + 1)) || undefined };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('REDIS_URL: the user name or the password is not percent-encoded');
  }
}

function readDatabase(text: string | null | undefined): number {
  if (text === null || text === undefined || text === '') return 0;
  if (!/^\d{1,4}$/.test(text)) throw new Error('REDIS_URL: the database must be a number');
  return Number(text);
}
