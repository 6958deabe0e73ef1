import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { byKey, jws, testKey, type TestKey } from './token-builders.js';

export const KEYS_PATH = '/keys';
export const DISCOVERY_PATH = '/.well-known/openid-configuration';

/** A real OpenID provider on loopback: discovery, a JWK Set that the test rotates, and tokens by any key. */
export class ScriptedIssuer {
  /** Paths that were asked for. */
  readonly seen: string[] = [];
  /** What its JWK Set shows. */
  published: readonly TestKey[] = [testKey('idp-1', 'RS256')];
  /** Breaks every connection off, as a machine that is down does. */
  isDown = false;
  /** Answers a path in place of the scripted answer. */
  readonly answers = new Map<string, (response: ServerResponse) => void>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => {
    if (this.isDown) {
      request.socket.destroy();
      return;
    }
    const path = request.url ?? '';
    this.seen.push(path);
    const answer = this.answers.get(path);
    if (answer === undefined) this.#answer(path, response);
    else answer(response);
  });

  async start(): Promise<this> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often its keys were fetched. */
  get keyFetches(): number {
    return this.seen.filter((path) => path === KEYS_PATH).length;
  }

  /** The key that signs unless a test says otherwise: the newest. */
  get signer(): TestKey {
    const key = this.published.at(-1);
    if (key === undefined) throw new Error('no key is published');
    return key;
  }

  claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1_000);
    const own = { iat: now, exp: now + 600, jti: randomUUID() };
    return { iss: this.url, aud: 'genoflow-api', sub: 'their-user', roles: ['scientist'], ...own, ...changes };
  }

  token(
    changes: Record<string, unknown> = {},
    key: TestKey = this.signer,
    header: Record<string, unknown> = {},
  ): string {
    return jws(
      { alg: key.algorithm, typ: 'JWT', kid: key.kid, ...header },
      this.claims(changes),
      byKey(key.privateKey),
    );
  }

  async close(): Promise<void> {
    this.#sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(path: string, response: ServerResponse): void {
    const body =
      path === DISCOVERY_PATH
        ? { issuer: this.url, jwks_uri: `${this.url}${KEYS_PATH}` }
        : { keys: this.published.map(({ publicJwk }) => publicJwk) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }
}
