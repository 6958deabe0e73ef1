// What idle and slow clients cost: memory for each connection, and what the others wait while they are there.
// Usage: npm run build && node bench/connections.bench.mjs [idle=8000] [slow=500]
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { loginTo, memoryMiB, servedBy, startGateway, startPeer } from './processes.mjs';

const idle = Number(process.argv[2] ?? 8_000);
const slow = Number(process.argv[3] ?? 500);
const CALLS = 2_000;
const AT_ONCE = 250;
const PATH = '/api/v1/execution/jobs/job_bench';
const dataDir = mkdtempSync(join(tmpdir(), 'genoflow-bench-'));

const backend = await startPeer('scripted-backend.mjs');
const gateway = await startGateway({ ...servedBy(backend.url), DATA_DIR: dataDir, HEADERS_TIMEOUT_MS: '300000' });
const headers = await loginTo(gateway);
const { hostname, port } = new URL(gateway.url);

function open(bytes) {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(bytes);
      resolve(socket);
    });
    socket.on('error', reject).resume();
  });
}

async function openAll(count, bytes) {
  const sockets = [];
  while (sockets.length < count) {
    const batch = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: batch }, () => open(bytes)))));
  }
  return sockets;
}

async function percentiles() {
  const pool = new Pool(gateway.url, { connections: 1 });
  const times = [];
  for (let call = 0; call < CALLS; call += 1) {
    const startedAt = performance.now();
    const { body, statusCode } = await pool.request({ path: PATH, method: 'GET', headers });
    await body.dump();
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    times.push(performance.now() - startedAt);
  }
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (share) => `${times[Math.floor(CALLS * share)].toFixed(2)} ms`;
  return { median: at(0.5), '99 %': at(0.99), 'MiB resident': memoryMiB(gateway.pid).resident };
}

await percentiles();
const rows = { 'nobody else': await percentiles() };
const before = memoryMiB(gateway.pid).resident;
const idlers = await openAll(idle, 'GET /health/live HTTP/1.1\r\nHost: bench\r\n\r\n');
await sleep(2_000);
const perIdler = ((memoryMiB(gateway.pid).resident - before) * 1024) / idle;
rows[`${idle} idle`] = await percentiles();
const between = memoryMiB(gateway.pid).resident;
const slowOnes = await openAll(slow, 'POST /auth/login HTTP/1.1\r\nHost: bench\r\nX-Slow: ');
const drip = setInterval(() => slowOnes.forEach((socket) => socket.write('a')), 100);
await sleep(2_000);
rows[`${idle} idle, ${slow} slow`] = await percentiles();
const perSlow = ((memoryMiB(gateway.pid).resident - between) * 1024) / slow;
clearInterval(drip);
console.table(rows);
console.log(`KiB for each: idle ${perIdler.toFixed(1)}, slow ${perSlow.toFixed(1)}`);
for (const socket of [...idlers, ...slowOnes]) socket.destroy();
await Promise.all([gateway.stop(), backend.stop()]);
rmSync(dataDir, { recursive: true });
process.exit(0);
