// CPU of the gateway for TLS on the listener: a proxied GET over kept connections beside plain HTTP, and handshakes.
// Usage: npm run build && node bench/tls.bench.mjs [rounds=5] [requests=20000] [handshakes=1000]
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  cryptoProvider,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { fetch, Agent } from 'undici';
import { load } from './load.mjs';
import { cpuSeconds, servedBy, startGateway, startPeer } from './processes.mjs';

const rounds = Number(process.argv[2] ?? 5);
const requests = Number(process.argv[3] ?? 20_000);
const handshakes = Number(process.argv[4] ?? 1_000);
const CONNECTIONS = 32;
const WARM_UP = 30_000;
const PATH = '/api/v1/execution/jobs/job_bench';
const folder = mkdtempSync(join(tmpdir(), 'genoflow-bench-'));
const ca = await makeCertificate(folder);
const trust = { ca, servername: 'localhost' };

const backend = await startPeer('scripted-backend.mjs');
const settings = { ...servedBy(backend.url), DATA_DIR: folder };
const plain = await startGateway(settings);
const secure = await startGateway({
  ...settings,
  TLS_CERT_FILE: join(folder, 'tls.crt'),
  TLS_KEY_FILE: join(folder, 'tls.key'),
});

/** ECDSA P-256, which most public certificates are of by now; it signs itself. */
async function makeCertificate(directory) {
  cryptoProvider.set(webcrypto);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=localhost',
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + 86_400_000),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  writeFileSync(join(directory, 'tls.crt'), certificate.toString('pem'));
  writeFileSync(join(directory, 'tls.key'), PemConverter.encode(key, 'PRIVATE KEY'));
  return certificate.toString('pem');
}

async function loginTo({ url }) {
  const dispatcher = new Agent({ connect: trust });
  const response = await fetch(`${url}/auth/login`, {
    method: 'POST',
    dispatcher,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'bench', password: 'bench-password' }),
  });
  const { access_token: token } = await response.json();
  await dispatcher.close();
  return { authorization: `Bearer ${token}` };
}

/** A connection and one small request over it; resolves with a session to resume. */
function greet(session) {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port: new URL(secure.url).port,
      host: '127.0.0.1',
      ...trust,
      ...(session && { session }),
    });
    let ticket;
    let isReused;
    socket.on('session', (one) => (ticket = one));
    socket.on('secureConnect', () => (isReused = socket.isSessionReused()));
    socket.on('error', reject);
    socket.on('data', () => socket.end());
    socket.on('close', () => {
      if (session !== undefined && !isReused) reject(new Error('the session was not resumed'));
      resolve(ticket);
    });
    socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  });
}

async function handshakeMicroseconds(isResumed) {
  let session = isResumed ? await greet() : undefined;
  const [cpu, wall] = [cpuSeconds(secure.pid), performance.now()];
  for (let index = 0; index < handshakes; index += 1) {
    const next = await greet(session);
    if (isResumed) session = next ?? session;
  }
  return {
    cpu: ((cpuSeconds(secure.pid) - cpu) / handshakes) * 1e6,
    perSecond: handshakes / ((performance.now() - wall) / 1e3),
  };
}

async function microseconds(target, headers) {
  const before = cpuSeconds(target.pid);
  await load(target.url, { path: PATH, headers, count: requests, connections: CONNECTIONS, connect: trust });
  return ((cpuSeconds(target.pid) - before) / requests) * 1e6;
}

const [plainHeaders, secureHeaders] = [await loginTo(plain), await loginTo(secure)];
await load(plain.url, { path: PATH, headers: plainHeaders, count: WARM_UP, connections: CONNECTIONS, connect: trust });
await load(secure.url, {
  path: PATH,
  headers: secureHeaders,
  count: WARM_UP,
  connections: CONNECTIONS,
  connect: trust,
});
await handshakeMicroseconds(false);
const rows = [];
for (let round = 0; round < rounds; round += 1) {
  rows.push({
    http: await microseconds(plain, plainHeaders),
    https: await microseconds(secure, secureHeaders),
    full: await handshakeMicroseconds(false),
    resumed: await handshakeMicroseconds(true),
  });
}
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const of = (pick) => median(rows.map(pick)).toFixed(1);
console.table({
  'GET, plain HTTP': { 'CPU µs': of((row) => row.http) },
  'GET, HTTPS': { 'CPU µs': of((row) => row.https) },
  'connection and small GET, full handshake': {
    'CPU µs': of((row) => row.full.cpu),
    'one after another, a second': of((row) => row.full.perSecond),
  },
  'connection and small GET, resumed': {
    'CPU µs': of((row) => row.resumed.cpu),
    'one after another, a second': of((row) => row.resumed.perSecond),
  },
});
await Promise.all([plain.stop(), secure.stop(), backend.stop()]);
rmSync(folder, { recursive: true });
process.exit(0);
