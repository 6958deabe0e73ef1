import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { GatewayResponse } from '../server/message-classes.js';
import { problemDocument, problemMediaType } from './problem-document.js';

/**
 * Answers with a problem document. Where the head is out already the message is broken off instead, so that no client
 * takes half an answer for a whole one.
 */
export function answerProblem(response: GatewayResponse, error: GatewayError): void {
  if (response.writableEnded) return;
  const { exchange } = response.req;
  exchange.errorCode = error.code;
  if (error.code === 'client_gone' || response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  const body = problemDocument(error, exchange.id);
  const fields = [
    'content-type',
    problemMediaType(exchange.requestHeaders.accept),
    'content-length',
    String(Buffer.byteLength(body)),
    ...error.fields,
  ];
  if (error.retryAfterSeconds !== undefined)
    fields.push('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  response.writeHead(error.status, fields);
  response.end(body);
}
