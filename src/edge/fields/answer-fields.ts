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
 * The fields every answer carries: request id, nosniff, a content policy that lets nothing run, HSTS in production, `no-store` unless the answer says
 * otherwise, the CORS fields of a listed origin, and what the stages left in `ownFields`.
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
    if (!hasCacheControl(fields) && !exchange.response.hasHeader('cache-control'))
      all.push('cache-control', 'no-store');
    // A connection kept open would hold the drain up; one with a body still to come could not be used again.
    if (!this.readiness.ready || exchange.closesConnection || exchange.hasUnreadBody) all.push('connection', 'close');
    append(all, fields);
    return all;
  }
}

function append(target: string[], source: readonly string[]): void {
  for (const item of source) target.push(item);
}

function hasCacheControl(fields: readonly string[]): boolean {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    if (name.length === 13 && name.toLowerCase() === 'cache-control') return true;
  }
  return false;
}
