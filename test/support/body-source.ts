import type { Readable } from 'node:stream';
import { GatewayError } from '../../src/kernel/errors/gateway-error.js';
import type { BodySource, BodyTaker } from '../../src/kernel/exchange.js';

/** Any stream as a request's body, as the edge hands one on. */
export function bodySource(stream: Readable): BodySource {
  let taker: BodyTaker | undefined;
  const release = (): BodyTaker | undefined => {
    const last = taker;
    taker = undefined;
    return last;
  };
  const lost = (reason?: Error): void => {
    release()?.broken(reason instanceof GatewayError ? reason : new GatewayError('client_gone'));
  };
  return {
    deliverTo: (to) => {
      taker = to;
      stream
        .on('data', (chunk: Buffer) => taker?.take(chunk))
        .on('end', () => release()?.ended())
        .on('error', lost)
        .on('close', () => {
          lost();
        });
      if (stream.destroyed) lost();
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    discard: () => {
      release();
      stream.resume();
    },
  };
}
