// Upload and download of large bodies through the gateway and the bare proxy: MB/s, CPU per GiB, memory above idle.
// Usage: npm run build && node bench/transfer.bench.mjs [gibibytes=2]
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { cpuSeconds, memoryMiB, startGateway, startPeer } from './processes.mjs';

const bytes = Math.round(Number(process.argv[2] ?? 2) * 2 ** 30);
const CHUNK = Buffer.alloc(65_536, 'ACGT');
const dataDir = mkdtempSync(join(tmpdir(), 'genoflow-bench-'));

const flood = function* () {
  for (let sent = 0; sent < bytes; sent += CHUNK.length) yield CHUNK;
};
const backend = createServer((incoming, response) => {
  if (incoming.url === '/login') {
    incoming.resume().on('end', () =>
      response.end(
        JSON.stringify({
          user: { id: 'usr_bench', username: 'bench', display_name: 'Bench', roles: ['admin'], disabled: false },
        }),
      ),
    );
  } else if (incoming.url.startsWith('/upload')) {
    incoming.resume().on('end', () => response.writeHead(201).end('{}'));
  } else if (incoming.url.includes('/download/')) {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
    Readable.from(flood()).pipe(response);
  } else response.end('{}');
});
backend.requestTimeout = 0;
await new Promise((resolve) => backend.listen(0, '127.0.0.1', resolve));
const backendUrl = `http://127.0.0.1:${backend.address().port}`;
const bare = await startPeer('bare-proxy.mjs', backendUrl);
const services = ['DATA_INGESTION', 'QC', 'PIPELINE', 'EXECUTION', 'RESULTS', 'MONITORING', 'AUTH'];
const gateway = await startGateway({
  ...Object.fromEntries(services.map((name) => [`${name}_SERVICE_URL`, backendUrl])),
  DATA_DIR: dataDir,
});
const login = await request(`${gateway.url}/auth/login`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ username: 'bench', password: 'bench-password' }),
});
const { access_token: token } = await login.body.json();
const authorization = `Bearer ${token}`;

async function measure(name, target, transfer) {
  const idle = memoryMiB(target.pid).resident;
  const [cpu, start] = [cpuSeconds(target.pid), performance.now()];
  let highest = idle;
  const sampler = setInterval(() => (highest = Math.max(highest, memoryMiB(target.pid).resident)), 100);
  await transfer(target.url);
  clearInterval(sampler);
  const seconds = (performance.now() - start) / 1_000;
  return {
    what: name,
    'MB/s': Math.round(bytes / 1e6 / seconds),
    'CPU s/GiB': ((cpuSeconds(target.pid) - cpu) / (bytes / 2 ** 30)).toFixed(2),
    'MiB above idle': highest - idle,
  };
}

const upload = (path) => async (url) => {
  const { statusCode, body } = await request(`${url}${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/octet-stream', 'content-length': String(bytes) },
    body: Readable.from(flood()),
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  await body.dump();
  if (statusCode !== 201) throw new Error(`upload answered ${statusCode}`);
};
const download = (path) => async (url) => {
  const { statusCode, body } = await request(`${url}${path}`, { headersTimeout: 0, bodyTimeout: 0 });
  let received = 0;
  for await (const chunk of body) received += chunk.length;
  if (statusCode !== 200 || received !== bytes)
    throw new Error(`download answered ${statusCode} with ${received} bytes`);
};

console.table([
  await measure('bare upload', bare, upload('/upload')),
  await measure('gateway upload', gateway, upload('/api/v1/ingestion/upload?sample_id=bench&file_name=bench.fastq')),
  await measure('bare download', bare, download('/download/bench')),
  await measure('gateway download', gateway, download('/api/v1/results/download/bench')),
]);
await Promise.all([gateway.stop(), bare.stop()]);
rmSync(dataDir, { recursive: true });
process.exit(0);
