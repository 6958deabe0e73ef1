import { createServer, type AddressInfo, type Socket } from 'node:net';

/** Answered as a sound server would, so that the gateway takes this for one. */
const SOUND: Readonly<Record<string, string>> = {
  CLIENT: '+OK\r\n',
  SELECT: '+OK\r\n',
  DEL: ':0\r\n',
  SCRIPT: '$40\r\n0123456789012345678901234567890123456789\r\n',
  PING: '+PONG\r\n',
};
const INFO = 'redis_version:7.0.0\r\nrole:master\r\nloading:0\r\n';

/** A server that speaks Redis's protocol and answers every question in the way the test says. */
export class HostileRedis {
  /** What is written for a command that is not part of the handshake; undefined closes the connection. */
  answer: ((command: readonly string[]) => string | Buffer | undefined) | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#serve(socket);
  });

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    let pending = '';
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (let read = readCommand(pending); read !== undefined; read = readCommand(pending)) {
        pending = pending.slice(read.length);
        this.#reply(socket, read.command);
      }
    });
  }

  #reply(socket: Socket, command: readonly string[]): void {
    const [name = '', channel = ''] = command;
    const upper = name.toUpperCase();
    if (upper === 'INFO') socket.write(`$${INFO.length}\r\n${INFO}\r\n`);
    else if (upper === 'SUBSCRIBE') socket.write(`*3\r\n$9\r\nsubscribe\r\n$${channel.length}\r\n${channel}\r\n:1\r\n`);
    else if (SOUND[upper] !== undefined) socket.write(SOUND[upper]);
    else {
      const text = this.answer?.(command) ?? undefined;
      if (text === undefined) socket.destroy();
      else socket.write(text);
    }
  }
}

/** The first command of a client's bytes (an array of bulk strings), if it is whole. */
function readCommand(text: string): { command: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  const command: string[] = [];
  let at = head[0].length;
  for (let part = 0; part < Number(head[1]); part += 1) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at, at + 20));
    if (size === null) return undefined;
    const from = at + size[0].length;
    at = from + Number(size[1]) + 2;
    if (at > text.length) return undefined;
    command.push(text.slice(from, at - 2));
  }
  return { command, length: at };
}
