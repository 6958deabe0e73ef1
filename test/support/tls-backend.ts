import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** One request as a backend by TLS saw it. */
export interface SecureCall {
  readonly url: string;
  /** Common name of the client's certificate; undefined for none. */
  readonly client: string | undefined;
  readonly serverName: string | undefined;
  readonly isResumed: boolean;
  readonly protocol: string | null;
  readonly bodyBytes: number;
}

/** A service that speaks HTTPS with whatever certificate it is given. */
export class TlsBackend {
  /** Without health probes. */
  readonly calls: SecureCall[] = [];
  readonly probes: SecureCall[] = [];
  /** TCP connections so far, and bytes that came before TLS stood. */
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ServerOptions) {
    this.#server = createServer(options, (request, response) => {
      this.#serve(request, response);
    });
    this.#server.keepAliveTimeout = 5_000;
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  /** On a port of its own choice, at this address. */
  async start(host = '127.0.0.1', port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, host, resolve));
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  use(options: ServerOptions): void {
    this.#server.setSecureContext(options);
  }

  /** Breaks the connections there are. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const socket = request.socket as TLSSocket;
    let bodyBytes = 0;
    request.on('data', (chunk: Buffer) => (bodyBytes += chunk.length));
    request.on('end', () => {
      const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
      const { servername } = socket as unknown as { servername: string | false };
      (request.url === '/health' ? this.probes : this.calls).push({
        url: request.url ?? '',
        client: subject?.CN,
        serverName: servername === false ? undefined : servername,
        isResumed: socket.isSessionReused(),
        protocol: socket.getProtocol(),
        bodyBytes,
      });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"secure":true}');
    });
  }
}

/** A server that takes connections, keeps what comes and says nothing of TLS. */
export async function plainServer(onData: (socket: Socket, data: Buffer) => void): Promise<TcpServer> {
  const server = createTcpServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        onData(socket, data);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
