import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Application } from 'express';
import { ANSWERED } from '../../kernel/exchange.js';
import type { ServerSettings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { ALL_METHODS, allowedMethods } from '../problem/allowed-methods.js';
import { endWithProblem } from './bare-problem.js';
import { answerUnreadableMessage } from './unreadable-message.js';
import { messageClassesFor, type GatewayRequest, type GatewayResponse } from './message-classes.js';
import { RouteTable, type RouteHandler } from './route-table.js';

/** Largest header section, request line included, in bytes; Node answers 431 beyond it. */
export const MAX_HEADER_BYTES = 16_384;
/** Requests of one connection that wait for the one before them. */
const MAX_PIPELINED = 128;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** What a request passes before its route is looked for; false where it has been answered. */
export type Entrance = (request: GatewayRequest, response: GatewayResponse) => boolean;

/** Nest's Express adapter over a server whose messages keep their hidden classes and whose limits are ours. */
export class GatewayAdapter extends ExpressAdapter {
  readonly #routes = new RouteTable();
  readonly #waiting = new WeakMap<Socket, number>();
  #enter: Entrance = () => true;

  constructor(private readonly settings: ServerSettings) {
    super(applicationFor(settings));
  }

  /** To be called before the server listens. */
  useEntrance(entrance: Entrance): void {
    this.#enter = entrance;
  }

  /** The methods that the routes at a path take; none where there is no route. */
  methodsAt(path: string): readonly string[] {
    return allowedMethods(this.getInstance<Application>(), path);
  }

  override get(...route: unknown[]): unknown {
    return this.#register('GET', route);
  }

  override head(...route: unknown[]): unknown {
    return this.#register('HEAD', route);
  }

  override post(...route: unknown[]): unknown {
    return this.#register('POST', route);
  }

  override patch(...route: unknown[]): unknown {
    return this.#register('PATCH', route);
  }

  override delete(...route: unknown[]): unknown {
    return this.#register('DELETE', route);
  }

  override initHttpServer(): void {
    const application = this.getInstance<Application>();
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      this.#queue(request as GatewayRequest, response as GatewayResponse, application);
    };
    const server = createServer(
      {
        ...messageClassesFor(application),
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: this.settings.headersTimeoutMs,
        // Bodies have their own clocks: JSON a deadline, uploads an idle timeout; one for both would cut long uploads.
        requestTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        connectionsCheckingInterval: Math.min(1_000, this.settings.headersTimeoutMs),
        insecureHTTPParser: false,
        // The entrance answers a missing one with a problem document.
        requireHostHeader: false,
      },
      take,
    );
    // With these two Node leaves it to the exchange whether the body is wanted.
    server.on('checkContinue', take);
    server.on('checkExpectation', take);
    // Beyond a count Node would drop fields without a word; the entrance refuses instead.
    server.maxHeadersCount = 0;
    server.on('clientError', answerUnreadableMessage);
    server.on('connect', refuseTunnel);
    this.setHttpServer(server);
    this.httpServer = server;
  }

  /** A handler that returns ANSWERED has written its answer to the exchange's sink; there is nothing left to reply. */
  override reply(response: unknown, body: unknown, statusCode?: number): unknown {
    if (body === ANSWERED) return undefined;
    return super.reply(response, body, statusCode) as unknown;
  }

  /**
   * Node emits pipelined requests (RFC 9112 section 9.3.2) as they are read. They are taken one after the other: no
   * backend is asked for an answer that a refusal or a hang-up before it would keep from its client.
   */
  #queue(request: GatewayRequest, response: GatewayResponse, application: Application): void {
    // Node reads on for a while after our side has closed.
    if (!request.socket.writable) return;
    if (response.socket !== null) {
      this.#take(request, response, application);
      return;
    }
    const waiting = (this.#waiting.get(request.socket) ?? 0) + 1;
    if (waiting > MAX_PIPELINED) {
      request.socket.destroy();
      return;
    }
    this.#waiting.set(request.socket, waiting);
    response.whenOnTurn(() => {
      this.#waiting.set(request.socket, (this.#waiting.get(request.socket) ?? 1) - 1);
      this.#take(request, response, application);
    });
  }

  #take(request: GatewayRequest, response: GatewayResponse, application: Application): void {
    if (!this.#enter(request, response)) return;
    const leaveToExpress = (): void => {
      application(request as never, response as never);
    };
    if (!this.#routes.dispatch(request, response, leaveToExpress)) leaveToExpress();
  }

  // Express gets every route too: it serves what the table does not find, and knows the methods of a path for 405.
  #register(method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE', [path, ...handlers]: unknown[]): unknown {
    const handler = handlers.at(-1);
    if (typeof path === 'string' && handlers.length === 1) this.#routes.add(method, path, handler as RouteHandler);
    const application = this.getInstance<Record<string, (...route: unknown[]) => unknown>>();
    return application[method.toLowerCase()]?.(path, ...handlers);
  }
}

// Set before Nest touches the router, which is made with the settings of its first use.
function applicationFor({ trustProxy }: ServerSettings): Application {
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.set('query parser', 'simple');
  application.set('case sensitive routing', true);
  application.set('strict routing', true);
  if (trustProxy !== undefined) application.set('trust proxy', trustProxy);
  return application;
}

/** CONNECT asks for a tunnel (RFC 9110 section 9.3.6); there is none here to anywhere. */
function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  endWithProblem(socket, new GatewayError('method_not_allowed', { fields: ['Allow', ALL_METHODS.join(', ')] }));
}
