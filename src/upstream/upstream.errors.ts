import { GatewayError, type GatewayErrorOptions } from '../kernel/errors/gateway-error.js';
import type { ErrorCode } from '../kernel/errors/error-codes.js';
import type { UpstreamSummary } from '../kernel/exchange.js';

/** A call that failed before its answer began; says how far it came. */
export class UpstreamError extends GatewayError {
  summary: UpstreamSummary | undefined;

  constructor(code: ErrorCode, options: GatewayErrorOptions = {}) {
    super(code, options);
    this.name = 'UpstreamError';
  }
}

// Errors of undici that say the message itself was not HTTP, or not the HTTP it claimed to be.
const BAD_RESPONSE = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'ERR_INVALID_CHAR',
  'ERR_HTTP_INVALID_HEADER_VALUE',
]);
const BAD_REQUEST = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);
const POOL_RETIRED = new Set(['UND_ERR_DESTROYED', 'UND_ERR_CLOSED']);
/** A service that will not have our certificate says so once it has been sent, and before it reads anything else. */
const CERTIFICATE_REFUSED = /^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;
const TIMEOUT = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/**
 * The one place where transport failures become codes. `written` tells whether a connection had been given the
 * request: before that, whatever went wrong, the service never saw it.
 */
export function transportError(cause: unknown, written: boolean): GatewayError {
  return cause instanceof GatewayError ? cause : new UpstreamError(codeOf(cause, written), { cause });
}

function codeOf(cause: unknown, written: boolean): ErrorCode {
  const { code, name: kind } = (cause ?? {}) as { code?: unknown; name?: unknown };
  const name = typeof code === 'string' ? code : '';
  if (BAD_REQUEST.has(name)) return 'malformed_request';
  if (CERTIFICATE_REFUSED.test(name)) return 'upstream_unreachable';
  if (!written) return POOL_RETIRED.has(name) ? 'no_endpoint' : 'upstream_unreachable';
  // The parser's errors do not all carry a code.
  if (kind === 'HTTPParserError' || BAD_RESPONSE.has(name)) return 'upstream_bad_response';
  return TIMEOUT.has(name) ? 'upstream_timeout' : 'upstream_reset';
}
