import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP link to a port on loopback that holds what passes, in one direction, for a time that may change. */
export class SlowLink {
  delayMs = 0;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((client) => {
    this.#join(client);
  });

  constructor(private readonly targetPort: number) {}

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that pass through now. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Connections that pass through now fall silent for ever and stay open, as those over a dropped route do; new ones work. */
  mute(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners('data');
      socket.resume();
    }
  }

  /** Connections that pass through now are broken; new ones work. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket): void {
    const target = connect(this.targetPort, '127.0.0.1');
    this.#pass(client, target, () => 0);
    this.#pass(target, client, () => this.delayMs);
  }

  #pass(from: Socket, to: Socket, delayMs: () => number): void {
    this.#sockets.add(from);
    // A queue, so that bytes keep their order when the delay changes.
    const held: Buffer[] = [];
    from.on('data', (chunk: Buffer) => {
      held.push(chunk);
      setTimeout(() => {
        const next = held.shift();
        if (next !== undefined && !to.destroyed) to.write(next);
      }, delayMs()).unref();
    });
    from.on('end', () => setTimeout(() => to.end(), delayMs()).unref());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
