import type { IncomingMessage } from 'node:http';

/** How long a client may go on sending what nobody wants, in milliseconds. */
const LINGER_MS = 10_000;

/**
 * Has the connection closed in two steps where a request's body is still coming when its answer ends: our side first,
 * the rest once the client has sent all, has closed or has had its time (RFC 9112 section 9.6). Closed at once, the
 * kernel would answer the bytes still in flight with a reset, which takes the answer out of the client's hands.
 */
export function closeLingering(request: IncomingMessage): void {
  const { socket } = request;
  const closeAtOnce = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (request.complete) {
      closeAtOnce();
      return;
    }
    socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    request.once('end', closeAtOnce);
    socket.once('close', () => {
      clearTimeout(timer);
    });
    request.resume();
  };
}
