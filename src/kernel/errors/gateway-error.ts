import { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** One fault of a body or query: where (JSON Pointer, RFC 6901, or a parameter's name) and what. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

export interface GatewayErrorOptions {
  /** What the client is told instead of the code's own detail. Never upstream text, an address or a value it sent. */
  readonly reason?: string;
  readonly errors?: readonly FieldError[];
  /** Whole seconds for the Retry-After field (RFC 9110 section 10.2.3). */
  readonly retryAfterSeconds?: number;
  /** Fields to add to the answer, such as Allow or WWW-Authenticate; flat list. */
  readonly fields?: readonly string[];
  /** Another status than the code's own; only for `upstream_error`, which keeps the backend's. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** A refusal or failure with a stable code; the problem filter turns it into RFC 9457 `application/problem+json`. */
export class GatewayError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: readonly string[];

  constructor(
    readonly code: ErrorCode,
    options: GatewayErrorOptions = {},
  ) {
    super(code, { cause: options.cause });
    this.name = 'GatewayError';
    this.status = options.status ?? ERROR_CODES[code].status;
    this.reason = options.reason ?? ERROR_CODES[code].detail;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.fields = options.fields ?? [];
  }
}
