import type { Socket } from 'node:net';

/** Commands that are sent within one turn of the event loop leave in one write, which a busy gateway pays for once. */
export class GatheredWrites {
  #gathering: Socket | undefined;

  /** To be called before a command is written. */
  gather(socket: Socket | undefined): void {
    if (socket === undefined || socket === this.#gathering) return;
    this.#gathering = socket;
    socket.cork();
    setImmediate(() => {
      if (this.#gathering === socket) this.#gathering = undefined;
      socket.uncork();
    });
  }
}
