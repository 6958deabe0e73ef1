import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';

export interface LoopbackUpstream extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string;
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** A backend whose every answer the test writes. */
export function httpUpstream(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LoopbackUpstream> {
  const server = createServer((request, response) => {
    request.on('error', () => {});
    response.on('error', () => {});
    answer(request, response);
  });
  return listening(server);
}

/** A backend that speaks in bytes: for answers that are no HTTP, or half of one. */
export function rawUpstream(onConnection: (socket: Socket) => void): Promise<LoopbackUpstream> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  return listening(server);
}

/** A loopback address nobody listens on. */
export async function refusingUrl(): Promise<string> {
  const upstream = await rawUpstream(() => {});
  await upstream.close();
  return upstream.url;
}

async function listening(server: Server | TcpServer): Promise<LoopbackUpstream> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get connections() {
      return connections;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
