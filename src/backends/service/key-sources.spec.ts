import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { keySourceAt } from './key-sources.js';

const LARGE = 'x'.repeat(262_145);

describe('the gateway’s keys by HTTP', () => {
  let server: Server;
  let answer: RequestListener;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('are the body of a 200', async () => {
    answer = (request, response) => response.end(request.url);
    expect(await keySourceAt(url)()).toBe('/.well-known/jwks.json');
  });

  it.each<[string, RequestListener]>([
    ['another status', (_request, response) => response.writeHead(404).end('{"keys":[]}')],
    ['an empty answer of another status', (_request, response) => response.writeHead(503).end()],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/other' }).end()],
    ['an answer without end', (_request, response) => response.write(LARGE)],
    ['an answer that is too large', (_request, response) => response.end(LARGE)],
    ['a connection that breaks', (request) => request.socket.destroy()],
  ])('are not %s', async (_what, listener) => {
    answer = listener;
    await expect(keySourceAt(url)()).rejects.toThrow();
  });

  it('are waited for three seconds, head and body together', async () => {
    answer = (_request, response) => {
      response.write(' ');
    };
    await expect(keySourceAt(url)()).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('the gateway’s keys in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-keys-'));
  const path = join(folder, 'keys of the gateway.json');
  const read = keySourceAt(pathToFileURL(path).href);
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('are what it holds at each reading', async () => {
    await expect(read()).rejects.toMatchObject({ code: 'ENOENT' });
    for (const text of ['{"keys":[]}', '{"keys":[1]}']) {
      writeFileSync(path, text);
      expect(await read()).toBe(text);
    }
    writeFileSync(path, LARGE);
    await expect(read()).rejects.toThrow();
  });
});
