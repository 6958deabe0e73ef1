import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { messageUnreadable } from '../../kernel/events.js';
import { answerProblem } from '../problem/answer-problem.js';
import { endWithProblem } from './bare-problem.js';
import type { GatewayResponse } from './message-classes.js';

const CODE_BY_PARSER_ERROR: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};
/** What came is no TLS any more, so that nothing can be answered under it. */
const TLS_BROKEN = /^(?:ERR_SSL_|EPROTO$)/;
/** The target fills the header section, not the fields. */
const LONG_TARGET = /^[A-Z]{3,8} [^\r\n ]{8193}/;

interface ParserError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer;
}

/** Node's own handler finds the response under way here too (`socketOnError` in lib/_http_server.js). */
interface ServerSocket extends Duplex {
  readonly _httpMessage?: GatewayResponse | null;
}

const ending = new WeakSet<Duplex>();

/**
 * Ends a connection whose bytes Node's parser could not read (RFC 9112 section 2.2). What was read whole before is
 * answered first; a message that breaks in its body is answered in its own exchange. Node tells every further piece of
 * an unreadable stream anew; only the first counts.
 */
export function answerUnreadableMessage(error: ParserError, socket: ServerSocket): void {
  if (error.code === 'ECONNRESET' || TLS_BROKEN.test(error.code ?? '') || !socket.writable) {
    socket.destroy();
    return;
  }
  if (ending.has(socket)) return;
  ending.add(socket);
  const problem = new GatewayError(codeOf(error), { cause: error });
  messageUnreadable.publish({ code: problem.code });
  const response = socket._httpMessage;
  if (response == null || response.req.complete) answerLast(socket, problem);
  else if (!response.writableEnded) breakBody(response, problem);
}

function codeOf({ code, rawPacket }: ParserError): ErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW' && LONG_TARGET.test(rawPacket?.toString('latin1') ?? '')) return 'target_too_long';
  return CODE_BY_PARSER_ERROR[code ?? ''] ?? 'malformed_request';
}

function answerLast(socket: ServerSocket, problem: GatewayError): void {
  const response = socket._httpMessage;
  if (response != null) response.once('finish', () => answerLast(socket, problem));
  else if (socket.writable) endWithProblem(socket, problem);
}

// Node tells the reader of a body nothing of a fault in it; without a reader there is nobody to answer but us.
function breakBody(response: GatewayResponse, problem: GatewayError): void {
  const { req: request } = response;
  request.exchange.closesConnection = true;
  response.once('finish', () => request.destroy());
  if (request.listenerCount('error') > 0) request.emit('error', problem);
  else answerProblem(response, problem);
}
