// Upload and download of large bodies through the gateway and the bare proxy: MB/s, CPU per GiB, memory above idle.
// Usage: npm run build && node bench/transfer.bench.mjs [gibibytes=2] [rounds=5]
// Rounds are interleaved, every other one in reverse, after one that warms up; each figure is the median, the memory
// the highest of all.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { cpuSeconds, loginTo, memoryMiB, servedBy, startGateway, startPeer } from './processes.mjs';

const bytes = Math.round(Number(process.argv[2] ?? 2) * 2 ** 30);
const rounds = Number(process.argv[3] ?? 5);
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
const gateway = await startGateway({ ...servedBy(backendUrl), DATA_DIR: dataDir });
const { authorization } = await loginTo(gateway);

async function measure({ target, transfer }) {
  const [cpu, start] = [cpuSeconds(target.pid), performance.now()];
  let highest = 0;
  const sampler = setInterval(() => (highest = Math.max(highest, memoryMiB(target.pid).resident)), 100);
  await transfer(target.url);
  clearInterval(sampler);
  const seconds = (performance.now() - start) / 1_000;
  return { rate: bytes / 1e6 / seconds, cpu: (cpuSeconds(target.pid) - cpu) / (bytes / 2 ** 30), highest };
}
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

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
// Counted by listener: an iterator would slow the load down before it slows the proxies.
const download = (path) => async (url) => {
  const { statusCode, body } = await request(`${url}${path}`, { headersTimeout: 0, bodyTimeout: 0 });
  let received = 0;
  body.on('data', (chunk) => (received += chunk.length));
  await once(body, 'end');
  if (statusCode !== 200 || received !== bytes)
    throw new Error(`download answered ${statusCode} with ${received} bytes`);
};

const runs = [
  { what: 'bare upload', target: bare, transfer: upload('/upload') },
  {
    what: 'gateway upload',
    target: gateway,
    transfer: upload('/api/v1/ingestion/upload?sample_id=bench&file_name=bench.fastq'),
  },
  { what: 'bare download', target: bare, transfer: download('/download/bench') },
  { what: 'gateway download', target: gateway, transfer: download('/api/v1/results/download/bench') },
].map((run) => ({ ...run, idle: memoryMiB(run.target.pid).resident, results: [] }));
for (let round = 0; round <= rounds; round += 1) {
  for (const run of round % 2 === 0 ? runs : runs.toReversed()) {
    const result = await measure(run);
    if (round > 0) run.results.push(result);
  }
}
console.table(
  runs.map(({ what, idle, results }) => ({
    what,
    'MB/s': Math.round(median(results.map(({ rate }) => rate))),
    'CPU s/GiB': median(results.map(({ cpu }) => cpu)).toFixed(2),
    'MiB above idle': Math.max(...results.map(({ highest }) => highest)) - idle,
  })),
);
await Promise.all([gateway.stop(), bare.stop()]);
rmSync(dataDir, { recursive: true });
process.exit(0);
