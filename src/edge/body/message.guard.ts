import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Settings } from '../../kernel/config/settings.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { routeDeclarationOf, type RouteBody } from '../../kernel/route.js';
import type { HttpExchange } from '../exchange/http-exchange.js';
import type { GatewayRequest } from '../server/message-classes.js';
import { STREAMED_BODY } from '../validation/validation.pipe.js';
import { expectsJson, isJsonMediaType, readJsonBody } from './json-body.js';

import { DOWNLOAD_TOKEN, IDENTIFIER } from '../../kernel/identifiers.js';

/**
 * The last guard: only here, after identity and limits, is a message looked into. Identifiers of the path are held to
 * their allow-list, and the body is taken as the route declares it.
 */
@Injectable()
export class MessageGuard implements CanActivate {
  readonly #jsonDeadlineMs: number;
  readonly #uploadMaxBytes: number;

  constructor(settings: Settings) {
    this.#jsonDeadlineMs = settings.server.requestTimeoutMs;
    this.#uploadMaxBytes = settings.server.uploadMaxBytes;
  }

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.getArgByIndex<GatewayRequest>(0);
    checkIdentifiers(request.params);
    const body = routeDeclarationOf(context.getHandler())?.body ?? 'none';
    return body === 'none' ? refuseBody(request.exchange) : this.#takeBody(request, body);
  }

  #takeBody(request: GatewayRequest, body: Exclude<RouteBody, 'none'>): boolean | Promise<boolean> {
    const { exchange } = request;
    const streamed =
      body === 'stream' || (body === 'stream-or-json' && !isJsonMediaType(request.headers['content-type']));
    if (streamed) return this.#stream(request);
    if (!expectsJson(exchange)) return true;
    return readJsonBody(exchange, this.#jsonDeadlineMs).then((parsed) => {
      Object.assign(request, { body: parsed });
      return true;
    });
  }

  #stream(request: GatewayRequest): true {
    const { exchange } = request;
    if (Number(exchange.requestHeaders['content-length'] ?? 0) > this.#uploadMaxBytes)
      throw new GatewayError('body_too_large');
    exchange.streamBody(this.#uploadMaxBytes);
    Object.assign(request, { body: STREAMED_BODY });
    return true;
  }
}

function checkIdentifiers(params: Record<string, string>): void {
  for (const name in params) {
    const allowed = name === 'token' ? DOWNLOAD_TOKEN : IDENTIFIER;
    if (!allowed.test(params[name] ?? '')) throw new GatewayError('invalid_identifier');
  }
}

function refuseBody(exchange: HttpExchange): true {
  const { 'content-length': length, 'transfer-encoding': coding } = exchange.requestHeaders;
  if (coding !== undefined || (length !== undefined && length !== '0')) throw new GatewayError('body_not_allowed');
  return true;
}
