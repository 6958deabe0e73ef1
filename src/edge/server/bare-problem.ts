import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import { PROBLEM_MEDIA_TYPE, problemDocument } from '../problem/problem-document.js';

/** Writes a problem to a connection on which there is no exchange to answer, and closes it. */
export function endWithProblem(socket: Duplex, error: GatewayError): void {
  const body = problemDocument(error, undefined);
  let fields = `Content-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  for (let index = 0; index + 1 < error.fields.length; index += 2) {
    fields += `${error.fields[index] ?? ''}: ${error.fields[index + 1] ?? ''}\r\n`;
  }
  socket.end(
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}\r\n${fields}` +
      `Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`,
  );
}
