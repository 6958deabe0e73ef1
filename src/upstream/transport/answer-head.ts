import { withoutNominated } from '../field-names.js';
import type { EndpointTarget } from '../registry/endpoint-target.js';
import { responseFields } from '../response-fields.js';
import { UpstreamError } from '../upstream.errors.js';

/** Informational answers before the final one; a service that sends more is not answering. */
export const MAX_INTERIM_ANSWERS = 16;
const MAX_STATUS = 599;
const MAX_FIELDS = 128;
const CONTENT_LENGTH: ReadonlySet<string> = new Set(['content-length']);

/**
 * The fields of an answer to the client. Throws `upstream_bad_response` for a head that the parser lets by and no
 * client should see: a status out of range (RFC 9110 section 15), more than 128 fields, a transfer coding.
 */
export function answerFields(
  status: number,
  raw: readonly Buffer[],
  target: EndpointTarget,
  publicPrefix: string,
): string[] {
  if (status > MAX_STATUS || raw.length > 2 * MAX_FIELDS) throw new UpstreamError('upstream_bad_response');
  const fields = responseFields(raw, target, publicPrefix);
  // RFC 9110 section 8.6: a 204 has no Content-Length, and a client would wait for what it announces.
  return status === 204 ? withoutNominated(fields, CONTENT_LENGTH) : fields;
}

/**
 * Whether the message ends with its head, whatever its fields say (RFC 9112 section 6.3). undici breaks off a 304 that
 * tells the length its content would have had, so such an answer is not left to it to end.
 */
export const hasNoBody = (status: number, method: string): boolean =>
  status === 204 || status === 304 || method === 'HEAD';
