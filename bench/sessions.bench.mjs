// How soon two gateways over one Redis see what ends a session, and what a login tells by its time. Wants redis-server.
// Usage: npm run build && node bench/sessions.bench.mjs [rounds=50]
import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { hash } from '@node-rs/argon2';
import { servedBy, startGateway, startPeer } from './processes.mjs';

const rounds = Number(process.argv[2] ?? 50);
const SECRET = 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ';
const folder = mkdtempSync(join(tmpdir(), 'genoflow-bench-'));
const usersFile = join(folder, 'users.json');
const passwordHash = await hash('a-good-password', { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
const started = [];
process.on('exit', () => started.forEach((child) => child.kill('SIGKILL')));

/** As a mounted file changes: all at once. */
function writeUsers(disabled) {
  const users = Array.from({ length: rounds }, (_, index) => ({ username: `user-${index}`, roles: ['viewer'] }));
  const seeds = users.map((user) => ({ ...user, password_hash: passwordHash, disabled: user.username === disabled }));
  writeFileSync(`${usersFile}.new`, JSON.stringify(seeds));
  renameSync(`${usersFile}.new`, usersFile);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function run(program, args, environment = {}) {
  started.push(
    spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'ignore', 'inherit'] }),
  );
}

/** Milliseconds until `holds` is true, asked without a pause. */
async function wait(holds) {
  const begun = performance.now();
  while (!(await holds())) if (performance.now() - begun > 20_000) throw new Error('it did not come to pass');
  return performance.now() - begun;
}

/** From an address of its own, for limits count by address. */
let addresses = 0;
function logIn(gateway, username, password) {
  addresses += 1;
  return fetch(`${gateway.url}/auth/login`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': `10.${addresses >> 16}.${(addresses >> 8) & 255}.${addresses & 255}`,
    },
    body: JSON.stringify({ username, password }),
  });
}

async function statusOf(gateway, token, { method = 'GET', path = '/api/v1/pipelines' } = {}) {
  const response = await fetch(`${gateway.url}${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.status;
}

async function sessionOf(username) {
  const response = await logIn(gateways[0], username, 'a-good-password');
  if (response.status !== 200) throw new Error(`a login was answered ${response.status}`);
  const { access_token: token } = await response.json();
  for (const gateway of gateways) await statusOf(gateway, token);
  return token;
}

function summary(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)} ms`;
  return { median: at(0.5), '95 %': at(0.95), longest: at(1), times: sorted.length };
}

const [redisPort, authPort] = [await freePort(), await freePort()];
writeUsers();
run('redis-server', ['--port', `${redisPort}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder]);
run(process.execPath, [fileURLToPath(new URL('../dist/backends/main.js', import.meta.url)), 'auth'], {
  ...{ PORT: `${authPort}`, DATA_DIR: join(folder, 'auth'), IDENTITY_SECRET: SECRET, AUTH_USERS_FILE: usersFile },
  LOG_LEVEL: 'error',
});
const backend = await startPeer('scripted-backend.mjs');
const environment = {
  ...servedBy(backend.url),
  AUTH_SERVICE_URL: `http://127.0.0.1:${authPort}`,
  REDIS_URL: `redis://127.0.0.1:${redisPort}`,
  ...{ JWT_SECRET: SECRET, IDENTITY_SECRET: SECRET, TRUST_PROXY: 'loopback' },
};
const gateways = [];
for (const name of ['one', 'other']) {
  gateways.push(await startGateway({ ...environment, DATA_DIR: join(folder, name) }));
}
await wait(async () => (await logIn(gateways[1], 'user-0', 'a-good-password')).status === 200);
await sleep(2_000);

const rows = { 'logout at one, 401 at the other': [], 'user disabled in the file, 401 at both': [] };
for (let round = 0; round < rounds; round += 1) {
  const token = await sessionOf(`user-${round}`);
  const [here, there] = gateways;
  await statusOf(here, token, { method: 'POST', path: '/auth/logout' });
  rows['logout at one, 401 at the other'].push(await wait(async () => (await statusOf(there, token)) === 401));
}
for (let round = 0; round < Math.min(rounds, 20); round += 1) {
  const token = await sessionOf(`user-${round}`);
  await sleep(Math.random() * 500);
  const begun = performance.now();
  writeUsers(`user-${round}`);
  await Promise.all(gateways.map((gateway) => wait(async () => (await statusOf(gateway, token)) === 401)));
  rows['user disabled in the file, 401 at both'].push(performance.now() - begun);
}
writeUsers();
await sleep(2_000);

const logins = { 'right password': [], 'wrong password': [], 'unknown name': [] };
for (let round = 0; round < rounds; round += 1) {
  for (const [kind, username, password] of [
    ['right password', `user-${round}`, 'a-good-password'],
    ['wrong password', `user-${round}`, 'another-password'],
    ['unknown name', `nobody-${round}`, 'another-password'],
  ]) {
    const begun = performance.now();
    await (await logIn(gateways[0], username, password)).arrayBuffer();
    logins[kind].push(performance.now() - begun);
  }
}
console.table(
  Object.fromEntries(Object.entries({ ...rows, ...logins }).map(([name, times]) => [name, summary(times)])),
);
await Promise.all([...gateways.map((gateway) => gateway.stop()), backend.stop()]);
for (const child of started) child.kill('SIGTERM');
await sleep(500);
rmSync(folder, { recursive: true });
process.exit(0);
