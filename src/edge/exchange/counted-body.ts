import type { Readable } from 'node:stream';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { HttpExchange } from './http-exchange.js';

/**
 * The request itself as the body stream. Counting hooks `push`, through which the parser delivers every chunk, so that
 * no second stream and no second buffer stand between the client's connection and the backend's.
 */
export function countedBody(exchange: HttpExchange, maxBytes: number): Readable {
  const { request } = exchange;
  const push = request.push.bind(request);
  exchange.requestBytes += request.readableLength;
  request.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk !== null) {
      exchange.requestBytes += chunk.length;
      if (exchange.requestBytes > maxBytes) {
        request.destroy(new GatewayError('body_too_large'));
        return false;
      }
    }
    return push(chunk, encoding);
  };
  return request;
}
