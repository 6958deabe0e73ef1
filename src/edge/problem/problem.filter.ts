import { Catch, HttpException, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { unexpectedFailure } from '../../kernel/events.js';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { GatewayAdapter } from '../server/gateway.adapter.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';
import { answerProblem } from './answer-problem.js';

const CODE_BY_HTTP_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'malformed_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'route_not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
};

/** The one exception filter: whatever was thrown becomes a problem document, the unforeseen a fixed one. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly adapter: HttpAdapterHost) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<GatewayRequest>();
    const error = thrown instanceof NotFoundException ? this.#notFound(request) : gatewayErrorFrom(thrown);
    if (error.code === 'internal_error') unexpectedFailure.publish({ exchange: request.exchange, error: thrown });
    answerProblem(http.getResponse<GatewayResponse>(), error);
  }

  #notFound(request: GatewayRequest): GatewayError {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const methods = (this.adapter.httpAdapter as unknown as GatewayAdapter).methodsAt(path);
    if (methods.length === 0) return new GatewayError('route_not_found');
    return new GatewayError('method_not_allowed', { fields: ['allow', methods.join(', ')] });
  }
}

function gatewayErrorFrom(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const status = thrown instanceof HttpException ? thrown.getStatus() : statusOf(thrown);
  const code = status === undefined ? undefined : CODE_BY_HTTP_STATUS[status];
  return new GatewayError(code ?? 'internal_error', { cause: thrown });
}

// Express's router marks an undecodable path (URIError) with `status`; nothing else it throws has one.
function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof URIError ? 400 : undefined;
}
