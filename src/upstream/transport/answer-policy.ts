import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import { retryAfterMs } from '../resilience/retry-policy.js';
import { rawField } from '../response-fields.js';
import { UpstreamError } from '../upstream.errors.js';

/** What becomes of an answer of 500 and above. */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly error: GatewayError; readonly retryDelayMs: number | undefined };

/** The statuses that another instance, or the same one a moment later, may well not give. */
const RETRIABLE = new Set([502, 503, 504]);

/** Asks for another attempt after an answer: the milliseconds to wait, undefined if there will be none. */
export type RetryQuestion = (retryAfterMs: number | undefined) => number | undefined;

/**
 * Judges an answer of 500 and above. A failure of a service passes only as a problem document (RFC 9457), the form
 * agreed on; any other body may hold a stack, an address or a patient's data, and is replaced.
 */
export function judgeFailure(
  status: number,
  raw: readonly Buffer[],
  wallNow: number,
  mayRetry: RetryQuestion,
): Verdict {
  const waitMs = retryAfterMs(rawField(raw, 'retry-after'), wallNow);
  const retryDelayMs = RETRIABLE.has(status) ? mayRetry(waitMs) : undefined;
  if (retryDelayMs === undefined && isProblem(rawField(raw, 'content-type'))) return { kind: 'pass' };
  const retryAfterSeconds = waitMs === undefined ? undefined : Math.ceil(waitMs / 1_000);
  const error = new UpstreamError('upstream_error', {
    status,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
  return { kind: 'refuse', error, retryDelayMs };
}

const isProblem = (contentType: string | undefined): boolean =>
  /^application\/problem\+json\s*(?:;|$)/i.test(contentType ?? '');
