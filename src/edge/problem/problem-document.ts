import { ERROR_CODES } from '../../kernel/errors/error-codes.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

const TAKES_PROBLEMS = /(?:^|[\s,])(?:application\/problem\+json|application\/\*|\*\/\*)\s*(?:$|[,;])/i;
const TAKES_JSON = /(?:^|[\s,])application\/json\s*(?:$|[,;])/i;

/**
 * The type a problem document is sent under: its own, or plain JSON's for a client whose Accept has room for that only.
 * Who accepts neither gets it all the same (RFC 9110 section 12.5.1): a status alone says too little.
 */
export const problemMediaType = (accept: string | undefined): string =>
  accept === undefined || TAKES_PROBLEMS.test(accept) || !TAKES_JSON.test(accept)
    ? PROBLEM_MEDIA_TYPE
    : 'application/json';

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
