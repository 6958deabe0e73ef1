import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** Flat list, as they came. */
  readonly fields: readonly string[];
  /** Flat list, as they came after the body. */
  readonly trailers: readonly string[];
  readonly body: Buffer;
}

/** A user that the scripted auth service lets in, with any password but `wrong`. */
export interface ScriptedUser {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly roles: readonly string[];
  readonly projects?: readonly string[];
  readonly disabled: boolean;
}

const ROLES = ['admin', 'analyst', 'technician', 'clinician', 'viewer', 'service'];
const AUTH_ROUTE = /^\/(login$|users\/)/;

/**
 * One real HTTP server that plays all seven services: /health, the auth service's routes with a user named after each
 * role, and for everything else what the test scripts.
 */
export class ScriptedBackends {
  readonly seen: SeenRequest[] = [];
  readonly users = new Map<string, ScriptedUser>(
    ROLES.map((role) => [
      role,
      { id: `usr_${role}`, username: role, display_name: role, roles: [role], disabled: false },
    ]),
  );
  /** Answers what is neither health nor auth; the body has been read unless `readsBodies` is false. */
  handle: (request: IncomingMessage, response: ServerResponse, seen: SeenRequest) => void = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"ok":true}');
  };
  readsBodies = true;
  /** How long a password check takes. */
  loginMs = 0;
  readonly #server = createServer((request, response) => {
    this.#onRequest(request, response);
  });

  async start(): Promise<this> {
    this.#server.requestTimeout = 0;
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Requests that carried a client's call: no health probes, no logins. */
  get calls(): SeenRequest[] {
    return this.seen.filter(({ url }) => !AUTH_ROUTE.test(url));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/health') {
      response.end('{"status":"ok"}');
      return;
    }
    const chunks: Buffer[] = [];
    const respond = (): void => {
      const { method = '', url = '', headers, rawHeaders: fields, rawTrailers: trailers } = request;
      const seen = { method, url, headers, fields, trailers, body: Buffer.concat(chunks) };
      this.seen.push(seen);
      if (AUTH_ROUTE.test(url)) this.#answerAuth(seen, response);
      else this.handle(request, response, seen);
    };
    if (this.readsBodies || AUTH_ROUTE.test(request.url ?? '')) {
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', respond);
    } else respond();
  }

  #answerAuth(seen: SeenRequest, response: ServerResponse): void {
    const [status, body] =
      seen.url === '/login' ? this.#login(seen.body) : this.#user(seen.url.slice('/users/'.length));
    setTimeout(
      () => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      },
      seen.url === '/login' ? this.loginMs : 0,
    );
  }

  #login(body: Buffer): [number, unknown] {
    const { username, password } = JSON.parse(body.toString()) as { username: string; password: string };
    const user = this.users.get(username);
    return user === undefined || password === 'wrong' ? [401, { code: 'invalid_credentials' }] : [200, { user }];
  }

  #user(id: string): [number, unknown] {
    const user = [...this.users.values()].find((one) => one.id === id);
    return user === undefined ? [404, { code: 'user_not_found' }] : [200, user];
  }
}
