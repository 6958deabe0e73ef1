import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Application } from 'express';
import type { HttpExchange } from '../exchange/http-exchange.js';
import { closeLingering } from './lingering-close.js';

/** The request object every middleware and guard meets: Express's, with the exchange that the first middleware opens. */
export interface GatewayRequest extends IncomingMessage {
  exchange: HttpExchange;
  params: Record<string, string>;
  route: { path: string } | undefined;
  originalUrl: string;
  res: GatewayResponse | undefined;
  ip: string | undefined;
}

export interface GatewayResponse extends ServerResponse {
  req: GatewayRequest;
  /** Calls back when the connection is this response's to write on; not at all if it closes before. */
  whenOnTurn(take: () => void): void;
}

export interface MessageClasses {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

/**
 * Makes the classes the HTTP server builds its messages from.
 *
 * Express swaps the prototype of every request and response (`Object.setPrototypeOf` in `app.handle`). V8 then drops
 * the hidden classes of the two busiest objects of the process, which costs more than the rest of the request path
 * together. Messages that are born with the application's own prototypes make the swap a no-op. A test fails if a
 * message's prototype is ever swapped again.
 */
export function messageClassesFor(application: Application): MessageClasses {
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {
    #take: (() => void) | undefined;

    whenOnTurn(take: () => void): void {
      if (this.socket === null) this.#take = take;
      else take();
    }

    override assignSocket(socket: Socket): void {
      super.assignSocket(socket);
      this.#take?.();
    }

    override writeHead(status: number, ...rest: never[]): this {
      const exchange = (this.req as Partial<GatewayRequest>).exchange;
      if (exchange === undefined || status < 200) return super.writeHead(status, ...rest);
      if (exchange.hasUnreadBody) closeLingering(this.req);
      const fields = rest.at(-1) as unknown;
      if (Array.isArray(fields)) return super.writeHead(status, exchange.completeFields(fields as string[]));
      setFields(this, exchange.completeFields([]));
      return super.writeHead(status, ...rest);
    }
  }
  adopt(Request.prototype, application, 'request');
  adopt(Response.prototype, application, 'response');
  return { IncomingMessage: Request, ServerResponse: Response as unknown as typeof ServerResponse };
}

function adopt(prototype: object, application: Application, name: 'request' | 'response'): void {
  const express = (application as unknown as Record<typeof name, object>)[name];
  Object.setPrototypeOf(prototype, Object.getPrototypeOf(express) as object);
  Object.defineProperty(prototype, 'app', { configurable: true, enumerable: true, writable: true, value: application });
  Object.assign(application, { [name]: prototype });
}

function setFields(response: ServerResponse, fields: readonly string[]): void {
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const name = fields[index] ?? '';
    if (!response.hasHeader(name)) response.setHeader(name, fields[index + 1] ?? '');
  }
}
