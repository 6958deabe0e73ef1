// CPU of one call through UpstreamClient beside a bare undici dispatch, against the same loopback server, in turns.
// Run after `npm run build`: node bench/upstream-send.bench.mjs [calls]
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { Pool } from 'undici';

const ROUNDS = 12;
const CONCURRENCY = 32;
const BODY = Buffer.from(JSON.stringify({ qc_job_id: 'qc_1', status: 'completed', filler: 'y'.repeat(900) }));
const FIELDS = [
  'accept',
  'application/json',
  'x-request-id',
  'r-1',
  'x-user-id',
  'u-1',
  'x-genoflow-identity',
  'e'.repeat(300),
];

if (process.argv[2] === 'server') serve();
else await measure(Number(process.argv[2] ?? 60_000));

function serve() {
  const fields = ['Content-Type', 'application/json', 'ETag', '"1"', 'Content-Length', String(BODY.length)];
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, fields).end(BODY);
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

async function measure(calls) {
  const server = fork(import.meta.filename, ['server']);
  const port = await new Promise((resolve) => server.once('message', resolve));
  const url = `http://127.0.0.1:${port}`;
  const ways = { 'undici dispatch alone': bareDispatch(url), 'UpstreamClient.send': await gatewaySend(url) };
  const costs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (const call of Object.values(ways)) await costOf(call, 5_000);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(ways)) costs[name].push(await costOf(call, Math.ceil(calls / ROUNDS)));
  }
  for (const [name, list] of Object.entries(costs)) {
    list.sort((a, b) => a - b);
    console.log(
      `${name.padEnd(24)} best ${list[0].toFixed(1)} us, median ${list[ROUNDS / 2].toFixed(1)} us CPU a call`,
    );
  }
  server.kill();
  process.exit(0);
}

async function costOf(call, calls) {
  const before = process.cpuUsage();
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

function bareDispatch(url) {
  const pool = new Pool(url, { connections: 1_024, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const request = { path: '/results/qc_1', method: 'GET', headers: FIELDS };
  const handler = (resolve, reject) => ({
    onConnect() {},
    onHeaders: () => true,
    onData: () => true,
    onComplete: resolve,
    onError: reject,
  });
  return () => new Promise((resolve, reject) => pool.dispatch(request, handler(resolve, reject)));
}

async function gatewaySend(url) {
  const { SystemClock } = await import('../dist/kernel/clock.js');
  const { EndpointRegistry } = await import('../dist/upstream/registry/endpoint-registry.js');
  const { UpstreamClient } = await import('../dist/upstream/upstream-client.js');
  const limits = { timeoutMs: 30_000, connectTimeoutMs: 2_000, idleTimeoutMs: 60_000, maxConcurrency: 1_024 };
  const settings = { upstream: { ...limits, urls: { qc: url }, breakerOpenMs: 1_000, healthIntervalMs: 5_000 } };
  const client = new UpstreamClient(new EndpointRegistry(settings), settings, new SystemClock());
  const sink = { head() {}, write: () => true, onDrain() {}, end() {}, abort() {} };
  const call = {
    service: 'qc',
    operation: 'qc.results',
    method: 'GET',
    path: '/results/qc_1',
    fields: FIELDS,
    retry: 'safe',
  };
  return () => client.send(call, sink);
}
