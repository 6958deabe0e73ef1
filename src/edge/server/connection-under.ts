import type { Socket } from 'node:net';

/** Node keeps the connection that carries TLS in a field of its own. */
interface LayeredSocket extends Socket {
  readonly _parent?: Socket;
}

/** The TCP connection to a client: the one under TLS, which alone can be reset, or the only one. */
export const connectionUnder = (socket: Socket): Socket => (socket as LayeredSocket)._parent ?? socket;
