interface ErrorKind {
  /** HTTP status (RFC 9110 section 15; 429 and 431 from RFC 6585). */
  readonly status: number;
  readonly title: string;
  /** What the client is told when the thrower gives no reason of its own. */
  readonly detail: string;
}

/**
 * Every `code` a client may meet in a problem document of the gateway's own making. A code is a contract: it is never
 * renamed or given another status. README's table is held against this one by a test.
 */
export const ERROR_CODES = {
  malformed_request: { status: 400, title: 'Malformed request', detail: 'The HTTP message is not well-formed.' },
  malformed_body: { status: 400, title: 'Malformed body', detail: 'The body is not valid JSON.' },
  body_too_deep: { status: 400, title: 'Body too deep', detail: 'The JSON body is nested more than 32 levels deep.' },
  body_not_allowed: { status: 400, title: 'Body not allowed', detail: 'This route takes no body.' },
  upgrade_refused: {
    status: 400,
    title: 'Upgrade refused',
    detail: 'This server does not speak WebSocket.',
  },
  invalid_identifier: {
    status: 400,
    title: 'Invalid identifier',
    detail:
      'An identifier has 1 to 128 characters of A-Z, a-z, 0-9, dot, underscore and hyphen, the first a letter or digit.',
  },
  invalid_query: { status: 400, title: 'Invalid query', detail: 'A query parameter is unknown or out of bounds.' },
  invalid_idempotency_key: {
    status: 400,
    title: 'Invalid idempotency key',
    detail: 'Idempotency-Key must be 1 to 255 visible ASCII characters, sent once.',
  },
  unauthenticated: { status: 401, title: 'Authentication required', detail: 'Send an access token as a Bearer token.' },
  invalid_token: { status: 401, title: 'Invalid token', detail: 'The token is not valid.' },
  expired_token: { status: 401, title: 'Token expired', detail: 'The access token has expired; refresh it.' },
  session_ended: { status: 401, title: 'Session ended', detail: 'The session has ended; log in again.' },
  invalid_credentials: { status: 401, title: 'Invalid credentials', detail: 'The user name or the password is wrong.' },
  forbidden: { status: 403, title: 'Forbidden', detail: 'You do not have the permission that this route asks for.' },
  project_forbidden: { status: 403, title: 'Project forbidden', detail: 'You do not belong to this project.' },
  route_not_found: { status: 404, title: 'Route not found', detail: 'There is nothing at this address.' },
  resource_not_found: { status: 404, title: 'Not found', detail: 'There is nothing of this id that you may see.' },
  session_not_found: { status: 404, title: 'Session not found', detail: 'You have no such session.' },
  api_key_not_found: { status: 404, title: 'API key not found', detail: 'There is no such API key.' },
  method_not_allowed: { status: 405, title: 'Method not allowed', detail: 'This address does not take this method.' },
  request_timeout: { status: 408, title: 'Request timeout', detail: 'The request did not arrive in time.' },
  idempotency_in_progress: {
    status: 409,
    title: 'Request in progress',
    detail: 'A request with this Idempotency-Key is still running.',
  },
  too_many_api_keys: {
    status: 409,
    title: 'Too many API keys',
    detail: 'There are 500 API keys already; revoke one first.',
  },
  body_too_large: { status: 413, title: 'Body too large', detail: 'The body is larger than this route allows.' },
  target_too_long: { status: 414, title: 'Target too long', detail: 'The request target is longer than 8 KiB.' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'This route does not take a body of this content type or coding.',
  },
  expectation_failed: {
    status: 417,
    title: 'Expectation failed',
    detail: 'The only expectation this server can meet is 100-continue.',
  },
  validation_failed: {
    status: 422,
    title: 'Validation failed',
    detail: 'The request does not have the form this route asks for.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency key reused',
    detail: 'This Idempotency-Key was used with another request.',
  },
  rate_limited: { status: 429, title: 'Too many requests', detail: 'Too many requests; wait before the next one.' },
  concurrency_limited: {
    status: 429,
    title: 'Too many requests at once',
    detail: 'You have too many requests under way; let one of them end first.',
  },
  headers_too_large: {
    status: 431,
    title: 'Header fields too large',
    detail: 'The header section is larger than 16 KiB.',
  },
  client_gone: { status: 499, title: 'Client gone', detail: 'The client closed the connection before the answer.' },
  internal_error: {
    status: 500,
    title: 'Internal error',
    detail: 'The gateway failed; the failure has been recorded.',
  },
  transfer_coding_unsupported: {
    status: 501,
    title: 'Transfer coding unsupported',
    detail: 'The only transfer coding this server understands is chunked.',
  },
  upstream_error: { status: 502, title: 'Service error', detail: 'The service failed while it handled the request.' },
  upstream_unreachable: { status: 502, title: 'Service unreachable', detail: 'The service could not be reached.' },
  upstream_reset: {
    status: 502,
    title: 'Service connection lost',
    detail: 'The service closed the connection before it answered.',
  },
  upstream_bad_response: {
    status: 502,
    title: 'Bad service answer',
    detail: 'The service gave an answer that is not valid.',
  },
  no_endpoint: { status: 503, title: 'Service unavailable', detail: 'No instance of the service is available.' },
  breaker_open: {
    status: 503,
    title: 'Service unavailable',
    detail: 'The service has been failing and is given time to recover.',
  },
  bulkhead_full: { status: 503, title: 'Service busy', detail: 'Too many requests are waiting for the service.' },
  state_unavailable: { status: 503, title: 'State unavailable', detail: 'The session store cannot be reached.' },
  issuer_unavailable: {
    status: 503,
    title: 'Issuer unavailable',
    detail: 'The keys of the issuer of the token are not known and it does not answer.',
  },
  upstream_timeout: { status: 504, title: 'Service timeout', detail: 'The service did not answer in time.' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_CODES;
