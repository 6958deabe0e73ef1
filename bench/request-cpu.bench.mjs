// CPU of the gateway per proxied GET, everything on, beside a bare node:http + undici proxy in the same run.
// Usage: npm run build && node bench/request-cpu.bench.mjs [rounds=3] [requests=30000]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from './load.mjs';
import { cpuSeconds, loginTo, servedBy, startGateway, startPeer } from './processes.mjs';

const rounds = Number(process.argv[2] ?? 3);
const requests = Number(process.argv[3] ?? 30_000);
const CONNECTIONS = 32;
/** Requests before the first round: what is not compiled yet costs half as much again. */
const WARM_UP = 30_000;
const PATH = '/api/v1/execution/jobs/job_bench';
const dataDir = mkdtempSync(join(tmpdir(), 'genoflow-bench-'));

const backend = await startPeer('scripted-backend.mjs');
const bare = await startPeer('bare-proxy.mjs', backend.url);
const gateway = await startGateway({ ...servedBy(backend.url), DATA_DIR: dataDir });
const bearer = await loginTo(gateway);

async function microseconds(target, headers) {
  const before = cpuSeconds(target.pid);
  await load(target.url, { path: PATH, headers, count: requests, connections: CONNECTIONS });
  return ((cpuSeconds(target.pid) - before) / requests) * 1e6;
}

for (const [url, headers] of [
  [gateway.url, bearer],
  [bare.url, {}],
])
  await load(url, { path: PATH, headers, count: WARM_UP, connections: CONNECTIONS });
const rows = [];
for (let round = 0; round < rounds; round += 1) {
  rows.push({ bare: await microseconds(bare, {}), gateway: await microseconds(gateway, bearer) });
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.table(
  rows.map((row) => ({
    'bare µs': row.bare.toFixed(1),
    'gateway µs': row.gateway.toFixed(1),
    ratio: (row.gateway / row.bare).toFixed(2),
  })),
);
console.log(
  `median CPU per request: bare ${median(rows.map((r) => r.bare)).toFixed(1)} µs, gateway ${median(rows.map((r) => r.gateway)).toFixed(1)} µs, ` +
    `round by round ${median(rows.map((r) => r.gateway / r.bare)).toFixed(2)} times`,
);
await Promise.all([gateway.stop(), bare.stop(), backend.stop()]);
rmSync(dataDir, { recursive: true });
process.exit(0);
