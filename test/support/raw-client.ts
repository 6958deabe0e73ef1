import { connect, type Socket } from 'node:net';
import { eventually } from './built-gateway.js';

/** A client whose every byte is the test's: what it sends, when it reads, how it goes. */
export class RawClient {
  #received = '';
  readonly #socket: Socket;
  /** What the connection failed with, if it did. */
  failure: NodeJS.ErrnoException | undefined;
  /** The server has closed its side. */
  ended = false;

  private constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#socket
      .on('data', (chunk) => (this.#received += chunk.toString('latin1')))
      .on('end', () => (this.ended = true))
      .on('error', (error) => (this.failure = error));
  }

  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await new Promise<void>((resolve) => client.#socket.once('connect', resolve));
    return client;
  }

  /** All that has come so far, as latin1. */
  get received(): string {
    return this.#received;
  }

  get closed(): boolean {
    return this.#socket.closed;
  }

  send(bytes: string | Buffer): this {
    this.#socket.write(bytes);
    return this;
  }

  /** Waits until what has come matches. */
  async receive(pattern: RegExp): Promise<string> {
    await eventually(() => (pattern.test(this.#received) ? true : undefined));
    return this.#received;
  }

  /** Waits until the server has closed its side or the connection broke. */
  async untilEnded(): Promise<string> {
    if (!this.ended && !this.closed) {
      await new Promise<void>((resolve) => {
        this.#socket.once('end', resolve).once('close', () => {
          resolve();
        });
      });
    }
    return this.#received;
  }

  stopReading(): void {
    this.#socket.pause();
  }

  goOnReading(): void {
    this.#socket.resume();
  }

  /** Bytes that were sent and that nobody has taken yet. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  end(): void {
    this.#socket.end();
  }

  /** Breaks the connection off with a reset instead of an end. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
