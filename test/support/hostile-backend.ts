import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const PROBE_ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** One connection of the gateway to the backend, and what came over it. */
export class BackendConnection {
  /** Request line and fields of each request. */
  readonly heads: string[] = [];
  /** Bytes of bodies. */
  bodyBytes = 0;
  /** The last request has come whole, its body included. */
  requestIsWhole = false;
  /** The gateway has ended or broken it. */
  closed = false;
  #text = '';
  #bodyLeft = 0;

  constructor(
    readonly socket: Socket,
    private readonly onHead: (connection: BackendConnection) => void,
  ) {
    socket.on('data', (chunk) => {
      this.#take(chunk.toString('latin1'));
    });
    socket.on('error', () => undefined).on('close', () => (this.closed = true));
    socket.on('end', () => {
      this.closed = true;
      socket.end();
    });
  }

  get head(): string {
    return this.heads.at(-1) ?? '';
  }

  say(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  #take(text: string): void {
    if (this.#bodyLeft > 0) {
      this.#takeBody(text);
      return;
    }
    this.#text += text;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const rest = this.#text.slice(end + 4);
    this.heads.push(this.#text.slice(0, end));
    this.#text = '';
    this.#bodyLeft = lengthOf(this.head);
    this.requestIsWhole = this.#bodyLeft === 0;
    this.onHead(this);
    if (rest !== '') this.#take(rest);
  }

  // A chunked body is counted with its framing, up to the last chunk.
  #takeBody(text: string): void {
    this.bodyBytes += text.length;
    this.#bodyLeft = text.endsWith('\r\n0\r\n\r\n') ? 0 : Math.max(0, this.#bodyLeft - text.length);
    this.requestIsWhole = this.#bodyLeft === 0;
  }
}

function lengthOf(head: string): number {
  if (/^transfer-encoding:/im.test(head)) return Number.MAX_SAFE_INTEGER;
  return Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
}

/** A backend that speaks in bytes and keeps no rule but those of the test. Health probes are answered and not counted. */
export class HostileBackend {
  /** Those that carried a call, in the order in which their first request came. */
  readonly connections: BackendConnection[] = [];
  /** Called with each request as soon as its head has come. */
  answer: (connection: BackendConnection) => void = () => undefined;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      new BackendConnection(socket, (connection) => {
        this.#onHead(connection);
      });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The connection of the last call. */
  get last(): BackendConnection | undefined {
    return this.connections.at(-1);
  }

  /** Breaks the connections there are and forgets what came. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.connections.splice(0);
    this.answer = () => undefined;
  }

  async close(): Promise<void> {
    this.reset();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onHead(connection: BackendConnection): void {
    if (connection.head.startsWith('GET /health ')) {
      connection.say(PROBE_ANSWER);
      return;
    }
    if (!this.connections.includes(connection)) this.connections.push(connection);
    this.answer(connection);
  }
}
