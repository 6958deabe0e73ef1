/** What becomes of a field on its way through the gateway. */
export type FieldFate = 'pass' | 'drop' | 'connection' | 'coding' | 'location';

const MAX_REMEMBERED_NAMES = 512;
const MAX_REMEMBERED_LENGTH = 64;

/** RFC 9110 section 7.6.1, with the older fields that mean the same. */
const HOP_BY_HOP = ['keep-alive', 'te', 'trailer', 'upgrade'];
/** Every `Proxy-*` field is between a client and its proxy. */
const HOP_BY_HOP_PREFIX = 'proxy-';

const GATEWAY_PREFIXES = ['x-user-', 'x-genoflow-', 'x-forwarded-'];
const GATEWAY_NAMES = ['x-session-id', 'x-request-id', 'forwarded', 'traceparent'];

/**
 * Decides by name. Names come as clients and backends spell them, the same few over and over, so each spelling's
 * fate is remembered; the memory starts anew when somebody fills it with invented names.
 */
export class FieldRules {
  readonly #remembered = new Map<string, FieldFate>();

  constructor(
    private readonly dropped: ReadonlySet<string>,
    private readonly droppedPrefixes: readonly string[],
    private readonly rewritten: ReadonlySet<string> = new Set(),
  ) {}

  fateOf(name: string): FieldFate {
    const known = this.#remembered.get(name);
    if (known !== undefined) return known;
    const fate = this.#decide(name);
    if (name.length <= MAX_REMEMBERED_LENGTH) {
      if (this.#remembered.size >= MAX_REMEMBERED_NAMES) this.#remembered.clear();
      this.#remembered.set(name, fate);
    }
    return fate;
  }

  #decide(name: string): FieldFate {
    const lower = name.toLowerCase();
    // CGI-like servers read `_` as `-`, so a spelling with `_` could pass for one of the gateway's own fields.
    const canonical = lower.replaceAll('_', '-');
    if (lower === 'connection') return 'connection';
    if (lower === 'transfer-encoding') return 'coding';
    if (this.dropped.has(canonical) || this.droppedPrefixes.some((prefix) => canonical.startsWith(prefix))) {
      return 'drop';
    }
    return this.rewritten.has(lower) ? 'location' : 'pass';
  }
}

/** From client to backend. */
export const REQUEST_RULES = new FieldRules(
  new Set([
    ...HOP_BY_HOP,
    ...GATEWAY_NAMES,
    'via',
    'host',
    'authorization',
    'cookie',
    'cookie2',
    'expect',
    'content-length',
    'http2-settings',
    'x-real-ip',
    'max-forwards',
  ]),
  [...GATEWAY_PREFIXES, HOP_BY_HOP_PREFIX],
);

/**
 * From backend to client. CORS, rate limits and transport security are the gateway's to declare; Alt-Svc and the
 * reporting fields would send clients to addresses that are none of theirs.
 */
export const RESPONSE_RULES = new FieldRules(
  new Set([
    ...HOP_BY_HOP,
    ...GATEWAY_NAMES,
    'server',
    'x-powered-by',
    'ratelimit',
    'ratelimit-policy',
    'strict-transport-security',
    'alt-svc',
    'nel',
    'report-to',
    'reporting-endpoints',
  ]),
  [...GATEWAY_PREFIXES, HOP_BY_HOP_PREFIX, 'access-control-', 'x-ratelimit-'],
  new Set(['location', 'content-location']),
);

// Naming one of these in Connection would change what the message means, not only who may read it.
const NEVER_NOMINATED = new Set([
  'content-length',
  'content-type',
  'content-encoding',
  'content-range',
  'host',
  'range',
]);
const NOTHING: ReadonlySet<string> = new Set();

/** The end-to-end fields that a Connection value turns into hop-by-hop ones, lower-cased. */
export function nominatedBy(value: string): ReadonlySet<string> {
  if (value === 'keep-alive' || value === 'close') return NOTHING;
  const names = value.split(',').map((token) => token.trim().toLowerCase());
  return new Set(names.filter((name) => name !== '' && !NEVER_NOMINATED.has(name)));
}

/** Takes the nominated fields out of a flat list. */
export function withoutNominated(fields: string[], nominated: ReadonlySet<string>): string[] {
  if (nominated.size === 0) return fields;
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!nominated.has(name.toLowerCase())) kept.push(name, fields[i + 1] ?? '');
  }
  return kept;
}
