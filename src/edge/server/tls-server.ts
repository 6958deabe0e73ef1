import type { RequestListener } from 'node:http';
import { Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { tlsHandshakeFailed, type TlsHandshakeFailed } from '../../kernel/events.js';
import { connectionUnder } from './connection-under.js';

const REASON_BY_CODE: Readonly<Record<string, TlsHandshakeFailed['reason']>> = {
  ERR_SSL_HTTP_REQUEST: 'plain-http',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'version',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'timeout',
  ECONNRESET: 'closed',
};

/**
 * Node's HTTPS server, but for two things: it would hand bytes that are no TLS to the handler for bytes that are no HTTP,
 * which would answer them in the clear, and to a drain a client that never ends its handshake would be one to wait for.
 */
export class TlsServer extends Server {
  readonly #shakingHands = new Set<Socket>();

  constructor(options: ServerOptions, take: RequestListener) {
    super({ ...options, ALPNProtocols: ['http/1.1'] }, take);
    this.removeAllListeners('tlsClientError');
    this.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      tlsHandshakeFailed.publish({ reason: REASON_BY_CODE[error.code ?? ''] ?? 'other' });
    });
    this.on('connection', (socket: Socket) => {
      this.#shakingHands.add(socket);
      socket.once('close', () => this.#shakingHands.delete(socket));
    });
    this.on('secureConnection', (socket) => this.#shakingHands.delete(connectionUnder(socket)));
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const socket of this.#shakingHands) socket.destroy();
  }
}
