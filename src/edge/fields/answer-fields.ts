import type { ServerSettings } from '../../kernel/config/settings.js';
import type { Readiness } from '../../kernel/readiness.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { OriginPolicy } from './origin-policy.js';

const NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";
const DOCS_CONTENT_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
const DOCS_PATH = /^\/docs(?:[/?]|$)/;
const HSTS = 'max-age=31536000; includeSubDomains';

/**
 * The fields every answer carries: request id, nosniff, a content policy that lets nothing run, HSTS in production,
 * `no-store` unless the answer says otherwise, the CORS fields of a listed origin, and what the stages left in `ownFields`.
 */
export class AnswerFields {
  readonly #origins: OriginPolicy;
  readonly #fixed: readonly string[];

  constructor(
    settings: ServerSettings,
    private readonly readiness: Readiness,
  ) {
    this.#origins = new OriginPolicy(settings.allowedOrigins);
    this.#fixed = [
      'x-content-type-options',
      'nosniff',
      'referrer-policy',
      'no-referrer',
      ...(settings.production ? ['strict-transport-security', HSTS] : []),
    ];
  }

  complete(exchange: HttpExchange, fields: readonly string[]): string[] {
    const all = ['x-request-id', exchange.id];
    append(all, this.#fixed);
    all.push(
      'content-security-policy',
      DOCS_PATH.test(exchange.request.originalUrl) ? DOCS_CONTENT_POLICY : NO_CONTENT_POLICY,
    );
    append(all, this.#origins.fieldsFor(exchange.requestHeaders.origin));
    append(all, exchange.ownFields);
    // A connection kept open would hold the drain up; one with a body still to come could not be used again.
    if (!this.readiness.ready || exchange.closesConnection || exchange.hasUnreadBody) all.push('connection', 'close');
    appendCacheControlled(all, fields, exchange);
    return all;
  }
}

function append(target: string[], source: readonly string[]): void {
  for (const item of source) target.push(item);
}

const KEPT_TO_ONESELF = /(?:^|[\s,])(?:no-store|private)(?:$|[\s,])/i;

// What a service answers is somebody's own: a Cache-Control of its making passes only if no shared cache may keep the
// answer (RFC 9111 section 3.5). An answer that says nothing is not stored at all.
function appendCacheControlled(target: string[], fields: readonly string[], exchange: HttpExchange): void {
  const isPersonal = exchange.principal !== undefined || exchange.upstream !== undefined;
  let controlled = exchange.response.hasHeader('cache-control');
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] as string;
    const value = fields[index + 1] as string;
    if (name.length === 13 && name.toLowerCase() === 'cache-control') {
      if (isPersonal && !KEPT_TO_ONESELF.test(value)) continue;
      controlled = true;
    }
    target.push(name, value);
  }
  if (!controlled) target.push('cache-control', 'no-store');
}
