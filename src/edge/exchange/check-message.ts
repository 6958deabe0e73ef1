import type { Socket } from 'node:net';
import { answerProblem } from '../problem/answer-problem.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';
import { messageFault } from './message-fault.js';

const refused = new WeakSet<Socket>();

/**
 * Answers a message whose framing cannot be trusted, and closes the connection: what follows on it may be part of the
 * same message (RFC 9112 section 9.6). True where the request goes on.
 */
export function checkMessage(request: GatewayRequest, response: GatewayResponse): boolean {
  const fault = messageFault(request);
  if (fault === undefined) return true;
  refused.add(request.socket);
  request.exchange.closesConnection = true;
  answerProblem(response, fault);
  return false;
}

/** True for what Node's parser still read from a connection whose message before it was refused. */
export const followsRefusal = (request: GatewayRequest): boolean => refused.has(request.socket);
