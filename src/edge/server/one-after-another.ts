import type { Socket } from 'node:net';
import type { GatewayRequest, GatewayResponse } from './message-classes.js';

type Take = (request: GatewayRequest, response: GatewayResponse) => void;

/** Requests of one connection that wait for the one before them; a client that sends more loses the connection. */
const MAX_WAITING = 128;

/**
 * Node emits pipelined requests (RFC 9112 section 9.3.2) as they are read. Here they are taken one after another: no
 * backend is asked for an answer that a refusal or a hang-up before it would keep from its client.
 */
export function oneAfterAnother(take: Take): Take {
  const waiting = new WeakMap<Socket, number>();
  const wait = (request: GatewayRequest, response: GatewayResponse): void => {
    const { socket } = request;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > MAX_WAITING) {
      socket.destroy();
      return;
    }
    waiting.set(socket, count);
    response.whenOnTurn(() => {
      waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
      take(request, response);
    });
  };
  return (request, response) => {
    // Node reads on for a while after our side has closed.
    if (!request.socket.writable) return;
    if (response.socket === null) wait(request, response);
    else take(request, response);
  };
}
