import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { SERVICE_URL_VARIABLES } from '../../src/kernel/services.js';
import { BuiltGateway } from '../support/built-gateway.js';
import { ScriptedBackends } from '../support/scripted-backends.js';

const MIB = 1_048_576;
const BYTES = 512 * MIB;
/** What may stay over idle: V8 frees passing chunks some 32 MiB at a time, and the process keeps up to 48 MiB of it. */
const MAX_GROWTH_MIB = 96;

const auth = new ScriptedBackends();
let storage: Server;
let gateway: BuiltGateway;
let headers: { authorization: string };
let uploaded = 0;

function* flood(): Generator<Buffer> {
  const chunk = Buffer.alloc(65_536, 'ACGT');
  for (let sent = 0; sent < BYTES; sent += chunk.length) yield chunk;
}

beforeAll(async () => {
  await auth.start();
  storage = createServer((request, response) => {
    if (request.method === 'POST') {
      request.on('data', (chunk: Buffer) => (uploaded += chunk.length)).on('end', () => response.end('{}'));
    } else if (request.url?.startsWith('/download') === true) {
      response.writeHead(200, { 'content-length': BYTES });
      Readable.from(flood()).pipe(response);
    } else response.end('{}');
  });
  await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(storage.address() as AddressInfo).port}`;
  const urls = Object.fromEntries(Object.values(SERVICE_URL_VARIABLES).map((name) => [name, url]));
  gateway = await new BuiltGateway({ ...urls, AUTH_SERVICE_URL: auth.url }).start();
  headers = await gateway.login('admin', 'a-good-password');
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await auth.close();
  storage.closeAllConnections();
  await new Promise((resolve) => storage.close(resolve));
});

const residentMib = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) / 1024;

/** The most by which the gateway's memory grew while the transfer ran. */
async function growthOver(transfer: () => Promise<void>): Promise<number> {
  const before = residentMib();
  let highest = before;
  const timer = setInterval(() => (highest = Math.max(highest, residentMib())), 20);
  await transfer();
  clearInterval(timer);
  return highest - before;
}

describe('512 MiB through the gateway', () => {
  it('upwards leave its memory flat', async () => {
    const growth = await growthOver(async () => {
      const response = await fetch(`${gateway.url}/api/v1/ingestion/upload?sample_id=S1&file_name=a.fastq`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': String(BYTES) },
        body: Readable.toWeb(Readable.from(flood())) as BodyInit,
        duplex: 'half',
      } as RequestInit);
      expect(response.status).toBe(200);
    });
    expect(uploaded).toBe(BYTES);
    expect(growth).toBeLessThan(MAX_GROWTH_MIB);
  });

  it('downwards leave its memory flat', async () => {
    let received = 0;
    const growth = await growthOver(async () => {
      const response = await fetch(`${gateway.url}/api/v1/results/download/abc`);
      expect([response.status, response.headers.get('content-length')]).toEqual([200, String(BYTES)]);
      for await (const chunk of response.body ?? []) received += chunk.length;
    });
    expect(received).toBe(BYTES);
    expect(growth).toBeLessThan(MAX_GROWTH_MIB);
  });
});
