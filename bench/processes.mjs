// Starts, measures and ends the processes of a benchmark. CPU is utime + stime of the process, all threads, from the kernel.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const TICKS_PER_SECOND = 100;
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Forks a peer of this folder and resolves with its URL once it listens. */
export async function startPeer(file, ...args) {
  const child = fork(fileURLToPath(new URL(`./peers/${file}`, import.meta.url)), args);
  children.add(child);
  const [{ port }] = await once(child, 'message');
  return { pid: child.pid, url: `http://127.0.0.1:${port}`, stop: () => stop(child) };
}

/** Starts the built gateway with these settings and resolves once it says that it is ready. */
export async function startGateway(environment) {
  const entry = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      if (text.length < 100_000) text += chunk;
      const ready = /is ready at (\S+)/.exec(text);
      if (ready) resolve(ready[1]);
    });
    child.once('exit', () => reject(new Error(`the gateway ended while it started:\n${text}`)));
  });
  return { pid: child.pid, url, stop: () => stop(child) };
}

const SERVICES = ['DATA_INGESTION', 'QC', 'PIPELINE', 'EXECUTION', 'RESULTS', 'MONITORING', 'AUTH'];

/** Settings that make one backend play all services, and no limit stand in the way of a load. */
export const servedBy = (url) => ({
  ...Object.fromEntries(SERVICES.map((name) => [`${name}_SERVICE_URL`, url])),
  RATE_LIMIT_PER_MINUTE: '10000000',
  RATE_LIMIT_BURST: '10000000',
});

/** Logs in; resolves with the fields that prove it. */
export async function loginTo(gateway) {
  const response = await fetch(`${gateway.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'bench', password: 'bench-password' }),
  });
  const { access_token: token } = await response.json();
  return { authorization: `Bearer ${token}` };
}

async function stop(child) {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  children.delete(child);
}

/** CPU seconds that a process has used so far. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident and peak memory of a process in MiB. */
export function memoryMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024);
  return { resident: mib('VmRSS'), peak: mib('VmHWM') };
}
