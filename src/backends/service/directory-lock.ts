import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from './clock.js';

interface Holder {
  readonly token: string;
  readonly pid: number;
  /** Ticks after boot at which the process began (proc(5)), '' where there is no /proc: a reused pid is another process. */
  readonly startedAt: string;
  readonly host: string;
}

const HEARTBEAT_MS = 5_000;
/** A holder on another host (a container that is gone) is believed dead after six missed heartbeats. */
const SILENT_MS = 30_000;
const POLL_MS = 200;
const SETTLE_MS = 50;

/** Another process holds the directory. */
export class DirectoryLockedError extends Error {
  constructor(readonly directory: string) {
    super(`Another process uses ${directory}; stop it first, or give this one a DATA_DIR of its own.`);
    this.name = 'DirectoryLockedError';
  }
}

/**
 * Keeps a directory to one process. Node has no flock(2), so: a file that names its holder by pid and start time, made
 * with link(2), kept fresh by a heartbeat, and taken over when its holder is dead.
 */
export class DirectoryLock {
  private readonly heartbeat: NodeJS.Timeout;

  private constructor(
    private readonly path: string,
    private readonly token: string,
  ) {
    this.heartbeat = setInterval(() => {
      const now = new Date(systemClock.now());
      // A failed touch is not fatal: holders on this host are told by pid.
      utimes(this.path, now, now).catch(() => undefined);
    }, HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  /** Waits up to `waitMs` for a holder to end (a service that is being restarted); then throws DirectoryLockedError. */
  static async take(directory: string, waitMs = SILENT_MS + 5_000): Promise<DirectoryLock> {
    const path = join(directory, 'lock');
    const deadline = systemClock.now() + waitMs;
    for (;;) {
      const token = await claim(path);
      if (token !== undefined) return new DirectoryLock(path, token);
      if (systemClock.now() >= deadline) throw new DirectoryLockedError(directory);
      await sleep(POLL_MS);
    }
  }

  async release(): Promise<void> {
    clearInterval(this.heartbeat);
    if ((await holderOf(this.path))?.token === this.token) await rm(this.path, { force: true });
  }
}

async function claim(path: string): Promise<string | undefined> {
  const holder = await holderOf(path);
  if (holder !== undefined) {
    if (await isAlive(holder, path)) return undefined;
    if (!(await removeDead(path, holder))) return undefined;
  }
  const token = randomUUID();
  const candidate = `${path}.${token}`;
  const content: Holder = { token, pid: process.pid, startedAt: await startOf(process.pid), host: hostname() };
  await writeFile(candidate, JSON.stringify(content), { mode: 0o600 });
  try {
    await link(candidate, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  } finally {
    await rm(candidate, { force: true });
  }
  // Somebody who judged the dead holder together with us may have moved our file away in this instant.
  await sleep(SETTLE_MS);
  return (await holderOf(path))?.token === token ? token : undefined;
}

/** Moves the dead holder's file away; false when what was moved turned out to be a live one's, which is put back. */
async function removeDead(path: string, holder: Holder): Promise<boolean> {
  const grave = `${path}.${randomUUID()}`;
  try {
    await rename(path, grave);
  } catch {
    return false;
  }
  const isTheDead = (await holderOf(grave))?.token === holder.token;
  if (!isTheDead) await link(grave, path).catch(() => undefined);
  await rm(grave, { force: true });
  return isTheDead;
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) return { token: '', pid: 0, startedAt: '', host: hostname() };
    throw error;
  }
}

async function isAlive(holder: Holder, path: string): Promise<boolean> {
  if (holder.host !== hostname()) {
    const seen = await stat(path).catch(() => undefined);
    return seen !== undefined && systemClock.now() - seen.mtimeMs < SILENT_MS;
  }
  if (holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return holder.startedAt === (await startOf(holder.pid));
}

async function startOf(pid: number): Promise<string> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 22; counted after the command, which may hold spaces and brackets.
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
