const EXPOSED =
  'x-request-id, location, etag, retry-after, ratelimit, ratelimit-policy, content-disposition, content-range, ' +
  'idempotency-replayed, tus-resumable, upload-offset, upload-length';
const ALLOWED_METHODS = 'GET, HEAD, POST, PATCH, DELETE';
const ALLOWED_HEADERS =
  'authorization, content-type, x-request-id, traceparent, tracestate, idempotency-key, range, if-range, if-match, ' +
  'if-none-match, last-event-id, tus-resumable, upload-length, upload-offset, upload-metadata';
const PREFLIGHT_SECONDS = '600';
const VARY_ORIGIN: readonly string[] = ['vary', 'origin'];

/** CORS by exact match of listed origins (WHATWG Fetch); `Vary: Origin` always, so that no cache mixes answers. */
export class OriginPolicy {
  readonly #fieldsByOrigin: ReadonlyMap<string, readonly string[]>;

  constructor(allowedOrigins: readonly string[]) {
    this.#fieldsByOrigin = new Map(
      allowedOrigins.map((origin) => [
        origin,
        ['access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED, ...VARY_ORIGIN],
      ]),
    );
  }

  fieldsFor(origin: string | undefined): readonly string[] {
    return (origin === undefined ? undefined : this.#fieldsByOrigin.get(origin)) ?? VARY_ORIGIN;
  }

  /** What a preflight is told beside `fieldsFor`; nothing for an origin that is not listed. */
  preflightFieldsFor(origin: string | undefined): readonly string[] {
    if (origin === undefined || !this.#fieldsByOrigin.has(origin)) return [];
    return [
      'access-control-allow-methods',
      ALLOWED_METHODS,
      'access-control-allow-headers',
      ALLOWED_HEADERS,
      'access-control-max-age',
      PREFLIGHT_SECONDS,
      'vary',
      'access-control-request-method, access-control-request-headers',
    ];
  }
}
