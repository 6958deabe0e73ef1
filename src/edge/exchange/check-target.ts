import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { answerProblem } from '../problem/answer-problem.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';

const MAX_TARGET_BYTES = 8_192;
const ORIGIN_FORM = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*(\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]|]*)?$/;
const DOT_SEGMENT = /\/\.{1,2}(\/|$|\?)|\/\//;

/**
 * Refuses a target that could mean one thing to the gateway and another to a backend: no percent-encoding, empty or
 * dot segment in the path (RFC 3986 section 3.3; no path of ours needs one), nothing over 8 KiB. True where the request goes
 * on.
 */
export function checkTarget(request: GatewayRequest, response: GatewayResponse): boolean {
  const target = request.url ?? '';
  if (target.length <= MAX_TARGET_BYTES && ORIGIN_FORM.test(target) && !DOT_SEGMENT.test(target)) return true;
  answerProblem(
    response,
    target.length > MAX_TARGET_BYTES
      ? new GatewayError('target_too_long')
      : new GatewayError('malformed_request', { reason: 'The request target is not one this gateway serves.' }),
  );
  return false;
}
