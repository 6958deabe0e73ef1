import { answerProblem } from '../problem/answer-problem.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';
import { messageFault } from './message-fault.js';

/**
 * Answers a message whose framing cannot be trusted, and closes the connection: what follows on it may be part of the
 * same message (RFC 9112 section 9.6). True where the request goes on.
 */
export function checkMessage(request: GatewayRequest, response: GatewayResponse): boolean {
  const fault = messageFault(request);
  if (fault === undefined) return true;
  request.exchange.closesConnection = true;
  answerProblem(response, fault);
  return false;
}
