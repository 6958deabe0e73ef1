import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerSettings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { ALL_METHODS } from '../problem/allowed-methods.js';
import { endWithProblem } from './bare-problem.js';
import type { MessageClasses } from './message-classes.js';
import { TlsServer } from './tls-server.js';
import { answerUnreadableMessage } from './unreadable-message.js';

/** Largest header section, request line included, in bytes; Node answers 431 beyond it. */
const MAX_HEADER_BYTES = 16_384;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** Node's HTTP server with the gateway's limits; whatever comes goes to `take`, or is refused on the spot. */
export function gatewayServer(settings: ServerSettings, classes: MessageClasses, take: RequestListener): Server {
  const options = {
    ...classes,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: settings.headersTimeoutMs,
    // Bodies have their own clocks: JSON a deadline, uploads an idle timeout; one for both would cut long uploads.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: Math.min(1_000, settings.headersTimeoutMs),
    insecureHTTPParser: false,
    // The entrance answers a missing one with a problem document.
    requireHostHeader: false,
  };
  const server =
    settings.tls === undefined
      ? createServer(options, take)
      : new TlsServer(
          { ...options, ...settings.tls.material.serverOptions, handshakeTimeout: settings.headersTimeoutMs },
          take,
        );
  // Beyond a count Node would drop fields without a word; the entrance refuses instead.
  server.maxHeadersCount = 0;
  // With these two Node leaves it to the exchange whether the body is wanted.
  server.on('checkContinue', take);
  server.on('checkExpectation', take);
  server.on('connect', refuseTunnel);
  server.on('clientError', answerUnreadableMessage);
  return server;
}

/** CONNECT asks for a tunnel (RFC 9110 section 9.3.6); there is none here to anywhere. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  // Node has taken its own listeners off by now; an error that nobody hears would end the process.
  socket.on('error', () => socket.destroy());
  endWithProblem(socket, new GatewayError('method_not_allowed', { fields: ['Allow', ALL_METHODS.join(', ')] }));
}
