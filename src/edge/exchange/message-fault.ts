import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../kernel/errors/gateway-error.js';

/** Header fields of one request, at most. */
export const MAX_HEADER_FIELDS = 128;

// RFC 9110 section 7.2: a registered name or an IP literal, and a port. Stricter than RFC 3986's reg-name, which lets
// sub-delimiters and percent-encodings pass that no host has and that a backend could read as something else.
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;
const CODINGS_BEFORE_CHUNKED = /^(?:[a-z]+\s*,\s*)+chunked$/i;

/**
 * What is wrong with a message's framing that Node's parser lets pass, so that no backend could take its end or its
 * host for another (RFC 9112 sections 2.3, 3.2 and 6.1); undefined for a message that means one thing only.
 */
export function messageFault(request: IncomingMessage): GatewayError | undefined {
  const { rawHeaders, httpVersionMajor: major, httpVersionMinor: minor } = request;
  if (major !== 1 || minor > 1) return malformed('This server speaks HTTP/1.1.');
  if (rawHeaders.length > 2 * MAX_HEADER_FIELDS) {
    return new GatewayError('headers_too_large', { reason: `A request has at most ${MAX_HEADER_FIELDS} fields.` });
  }
  const { headers } = request;
  return (
    hostFault(rawHeaders, minor) ??
    (headers['transfer-encoding'] === undefined ? undefined : codingFault(headers['transfer-encoding'], minor)) ??
    (headers.upgrade === undefined ? undefined : upgradeFault(headers.upgrade)) ??
    (headers.expect === undefined ? undefined : expectationFault(headers.expect))
  );
}

// Node keeps the first of several Host fields and says nothing of the others.
function hostFault(rawHeaders: readonly string[], minor: number): GatewayError | undefined {
  let host: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return malformed('There is more than one Host field.');
    host = rawHeaders[index + 1];
  }
  if (host === undefined) return minor === 0 ? undefined : malformed('There is no Host field.');
  return HOST.test(host) ? undefined : malformed('The Host field is not valid.');
}

// RFC 9112 section 6.1: an understood request can only be `chunked`, and only in HTTP/1.1.
function codingFault(coding: string, minor: number): GatewayError | undefined {
  if (minor === 0) return malformed('HTTP/1.0 has no Transfer-Encoding.');
  if (coding.toLowerCase() === 'chunked') return undefined;
  return CODINGS_BEFORE_CHUNKED.test(coding)
    ? new GatewayError('transfer_coding_unsupported')
    : malformed('The Transfer-Encoding field is not valid.');
}

// An upgrade to h2c may be ignored (RFC 9110 section 7.8) and is; a WebSocket client could do nothing with the answer.
const upgradeFault = (protocols: string): GatewayError | undefined =>
  /(?:^|[\s,])websocket(?:$|[\s,/])/i.test(protocols) ? new GatewayError('upgrade_refused') : undefined;

// RFC 9110 section 10.1.1.
const expectationFault = (expectation: string): GatewayError | undefined =>
  expectation.toLowerCase() === '100-continue' ? undefined : new GatewayError('expectation_failed');

const malformed = (reason: string): GatewayError => new GatewayError('malformed_request', { reason });
