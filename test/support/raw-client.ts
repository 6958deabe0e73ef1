import { connect, type Socket } from 'node:net';
import { connect as connectByTls } from 'node:tls';
import { eventually } from './built-gateway.js';

/** A client whose every byte is the test's: what it sends, when it reads, how it goes. */
export class RawClient {
  #received = '';
  readonly #connection: Socket;
  /** The connection itself, or TLS on it. */
  readonly #socket: Socket;
  /** What the connection failed with, if it did. */
  failure: NodeJS.ErrnoException | undefined;
  /** The server has closed its side. */
  ended = false;

  private constructor(port: number, ca: string | undefined) {
    this.#connection = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#connection.on('error', (error) => (this.failure = error));
    this.#socket =
      ca === undefined ? this.#connection : connectByTls({ socket: this.#connection, host: '127.0.0.1', ca });
    this.#socket
      .on('data', (chunk) => (this.#received += chunk.toString('latin1')))
      .on('end', () => (this.ended = true))
      .on('error', (error) => (this.failure = error));
  }

  /** With a trusted certificate, over TLS. */
  static async open(port: number, ca?: string): Promise<RawClient> {
    const client = new RawClient(port, ca);
    const event = ca === undefined ? 'connect' : 'secureConnect';
    await new Promise<void>((resolve, reject) => client.#socket.once(event, resolve).once('error', reject));
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

  /** Past TLS, straight onto the connection. */
  sendBelow(bytes: Buffer): this {
    this.#connection.write(bytes);
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
    this.#connection.resetAndDestroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
