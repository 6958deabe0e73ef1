import type { RequestListener } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Application } from 'express';
import { ANSWERED } from '../../kernel/exchange.js';
import type { ServerSettings } from '../../kernel/config/settings.js';
import { allowedMethods } from '../problem/allowed-methods.js';
import { gatewayServer } from './gateway-server.js';
import { messageClassesFor, type GatewayRequest, type GatewayResponse } from './message-classes.js';
import { oneAfterAnother } from './one-after-another.js';
import { RouteTable, type RouteHandler } from './route-table.js';

/** What a request passes before its route is looked for; false where it has been answered. */
export type Entrance = (request: GatewayRequest, response: GatewayResponse) => boolean;

/** Nest's Express adapter over a server whose messages keep their hidden classes and whose limits are ours. */
export class GatewayAdapter extends ExpressAdapter {
  readonly #routes = new RouteTable();
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
    const take = oneAfterAnother((request, response) => {
      this.#take(request, response, application);
    });
    const server = gatewayServer(this.settings, messageClassesFor(application), take as unknown as RequestListener);
    this.setHttpServer(server);
    this.httpServer = server;
  }

  /** A handler that returns ANSWERED has written its answer to the exchange's sink; there is nothing left to reply. */
  override reply(response: unknown, body: unknown, statusCode?: number): unknown {
    if (body === ANSWERED) return undefined;
    return super.reply(response, body, statusCode) as unknown;
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
