import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { answerProblem } from '../problem/answer-problem.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';

const MAX_TARGET_BYTES = 8_192;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/is;
const ORIGIN_FORM = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*(\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]|]*)?$/;
const DOT_SEGMENT = /\/\.{1,2}(\/|$|\?)|\/\//;

/**
 * Makes a target in absolute form the path it names; its authority replaces the Host field (RFC 9112 section 3.2.2).
 * To be called before anything looks at either.
 */
export function takeAbsoluteForm(request: IncomingMessage): void {
  const target = request.url ?? '';
  if (target.charCodeAt(0) === 0x2f) return;
  const [, authority, rest = ''] = ABSOLUTE_FORM.exec(target) ?? [];
  if (authority === undefined) return;
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  replaceHost(request, authority);
}

/**
 * Refuses a target that could mean one thing to the gateway and another to a backend: a percent-encoding, an empty or a
 * dot segment in the path (RFC 3986 section 3.3; no path of ours needs one), anything over 8 KiB. `*` is for OPTIONS
 * alone (RFC 9112 section 3.2.4). True where the request goes on.
 */
export function checkTarget(request: GatewayRequest, response: GatewayResponse): boolean {
  const fault = targetFault(request);
  if (fault === undefined) return true;
  answerProblem(response, fault);
  return false;
}

function targetFault(request: IncomingMessage): GatewayError | undefined {
  const target = request.url ?? '';
  if (target.length > MAX_TARGET_BYTES) return new GatewayError('target_too_long');
  if (ORIGIN_FORM.test(target) && !DOT_SEGMENT.test(target)) return undefined;
  if (target === '*' && request.method === 'OPTIONS') return undefined;
  return new GatewayError('malformed_request', { reason: 'The request target is not one this gateway serves.' });
}

function replaceHost(request: IncomingMessage, authority: string): void {
  const { rawHeaders } = request;
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  if (at < 0) rawHeaders.push('Host', authority);
  else rawHeaders[at + 1] = authority;
  request.headers.host = authority;
}
