import { ERROR_CODES } from '../../kernel/errors/error-codes.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/**
 * The JSON text of an RFC 9457 problem document: `{type, title, status, detail, instance, code, request_id, errors?}`.
 * `instance` is the request id as a URN, never the path, which may hold identifiers.
 */
export function problemDocument(error: GatewayError, requestId: string | undefined): string {
  return JSON.stringify({
    type: `urn:genoflow:problem:${error.code}`,
    title: ERROR_CODES[error.code].title,
    status: error.status,
    detail: error.reason,
    instance: requestId === undefined ? undefined : `urn:genoflow:request:${requestId}`,
    code: error.code,
    request_id: requestId,
    errors: error.errors,
  });
}
