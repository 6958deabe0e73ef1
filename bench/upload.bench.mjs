// A large FASTQ upload through the gateway into the embedded reference backends: speed and memory above idle of both.
// Usage: npm run build && node bench/upload.bench.mjs [gibibytes=2]
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { cpuSeconds, memoryMiB, startGateway } from './processes.mjs';

const wanted = Number(process.argv[2] ?? 2) * 2 ** 30;
const dataDir = mkdtempSync(join(tmpdir(), 'genoflow-bench-'));

/** One gzip member of random reads; a file is many of them in a row (RFC 1952 section 2.2). */
function member() {
  const records = [];
  for (let read = 0; read < 60_000; read += 1) {
    const bases = Array.from(randomBytes(100), (byte) => 'ACGT'[byte & 3]).join('');
    const qualities = Array.from(randomBytes(100), (byte) => String.fromCharCode(63 + (byte % 11))).join('');
    records.push(`@bench:${read}/1\n${bases}\n+\n${qualities}\n`);
  }
  return gzipSync(records.join(''));
}

function childOf(pid) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((candidate) => {
      try {
        return Number(readFileSync(`/proc/${candidate}/stat`, 'utf8').split(') ')[1].split(' ')[1]) === pid;
      } catch {
        return false;
      }
    });
}

const piece = member();
const pieces = Math.ceil(wanted / piece.length);
const bytes = pieces * piece.length;
const gateway = await startGateway({ DATA_DIR: dataDir, UPSTREAM_TIMEOUT_MS: '600000' });
const backends = childOf(gateway.pid);
const login = await request(`${gateway.url}/auth/login`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ username: 'admin', password: 'password' }),
});
const { access_token: token } = await login.body.json();
await sleep(3_000);

const idle = { gateway: memoryMiB(gateway.pid).resident, backends: memoryMiB(backends).resident };
const highest = { ...idle };
const sampler = setInterval(() => {
  highest.gateway = Math.max(highest.gateway, memoryMiB(gateway.pid).resident);
  highest.backends = Math.max(highest.backends, memoryMiB(backends).resident);
}, 100);
const cpu = { gateway: cpuSeconds(gateway.pid), backends: cpuSeconds(backends) };
const startedAt = performance.now();
const { statusCode, body } = await request(
  `${gateway.url}/api/v1/ingestion/upload?sample_id=bench&file_name=bench_R1.fastq.gz`,
  {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/gzip', 'content-length': String(bytes) },
    body: Readable.from(
      (function* () {
        for (let index = 0; index < pieces; index += 1) yield piece;
      })(),
    ),
    headersTimeout: 0,
    bodyTimeout: 0,
  },
);
const answer = await body.json();
const seconds = (performance.now() - startedAt) / 1_000;
clearInterval(sampler);
if (statusCode !== 201) throw new Error(`the upload answered ${statusCode} ${answer.code}`);

console.log(
  `${(bytes / 2 ** 30).toFixed(2)} GiB of gzip, ${answer.read_count} reads, in ${seconds.toFixed(1)} s: ${Math.round(bytes / 1e6 / seconds)} MB/s`,
);
console.table(
  Object.fromEntries(
    ['gateway', 'backends'].map((name) => [
      name,
      {
        'idle MiB': idle[name],
        'highest MiB': highest[name],
        'above idle MiB': highest[name] - idle[name],
        'CPU s': (cpuSeconds(name === 'gateway' ? gateway.pid : backends) - cpu[name]).toFixed(1),
      },
    ]),
  ),
);
await gateway.stop();
rmSync(dataDir, { recursive: true });
process.exit(0);
