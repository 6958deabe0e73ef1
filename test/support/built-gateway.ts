import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const ROOT = join(__dirname, '../..');
const START_TIMEOUT_MS = 60_000;

/** The built gateway as a process of its own, with the embedded reference backends, as `npm start` runs it. */
export class BuiltGateway {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'genoflow-built-'));
  url = '';
  #child: ChildProcess | undefined;
  #output = '';

  constructor(private readonly environment: NodeJS.ProcessEnv = {}) {}

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** What it has printed so far, its backends included. */
  get output(): string {
    return this.#output;
  }

  async start(port = 0): Promise<this> {
    const child = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
      env: { ...process.env, NODE_ENV: 'development', PORT: String(port), DATA_DIR: this.dataDir, ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    this.#output = '';
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-500_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.url = await this.#ready(child);
    return this;
  }

  /** Ends it at once, as a crash does, and waits until it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to drain; gives its exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** Ctrl-C in its terminal: every process of its group is interrupted. Gives the exit code. */
  async interrupt(): Promise<number | null> {
    const child = this.#child;
    if (child?.pid === undefined) return null;
    const exited = once(child, 'exit');
    process.kill(-child.pid, 'SIGINT');
    await exited;
    return child.exitCode;
  }

  /** Process ids of its children, read from the kernel. */
  childPids(): number[] {
    return childrenOf(this.pid);
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async login(username = 'admin', password = 'password'): Promise<{ authorization: string }> {
    const response = await fetch(`${this.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    });
    if (response.status !== 200) throw new Error(`login answered ${response.status}: ${await response.text()}`);
    const { access_token: token } = (await response.json()) as { access_token: string };
    return { authorization: `Bearer ${token}` };
  }

  async #ready(child: ChildProcess): Promise<string> {
    const until = performance.now() + START_TIMEOUT_MS;
    while (performance.now() < until) {
      const url = /is ready at (\S+)/.exec(this.#output)?.[1];
      if (url !== undefined) return url;
      if (child.exitCode !== null) break;
      await sleep(50);
    }
    throw new Error(`The gateway did not start:\n${this.#output}`);
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    }
    return child.exitCode;
  }
}

/** Process ids of a process's children. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
}

export function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

/** Undefined for a process that is gone or only waits to be reaped. */
function parentOf(pid: number): number | undefined {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}

/** Asks again until the answer is not undefined; throws after `timeoutMs`. */
export async function eventually<Value>(
  ask: () => Promise<Value | undefined> | Value | undefined,
  timeoutMs = 30_000,
): Promise<Value> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined) return value;
    if (performance.now() > until) throw new Error(`It did not come true within ${timeoutMs} ms.`);
    await sleep(50);
  }
}
