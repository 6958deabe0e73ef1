import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const MAX_WRITERS = 64;
const held = new Set<string>();

export interface DirectoryClaim {
  readonly directory: string;
  release(): void;
}

/**
 * A chain has one writer. Each process takes the first directory `<host>-<n>` under `root` that no living process of
 * this host holds, so that workers and replicas on one volume keep chains of their own and a restart goes on with one.
 */
export function claimDirectory(root: string): DirectoryClaim {
  const host = hostname().replace(/[^A-Za-z0-9.-]/g, '_');
  for (let number = 1; number <= MAX_WRITERS; number += 1) {
    const directory = join(root, `${host}-${number}`);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (lock(directory)) return { directory, release: () => unlock(directory) };
  }
  throw new Error(`all ${MAX_WRITERS} audit directories are held by running processes`);
}

function lock(directory: string): boolean {
  if (held.has(directory)) return false;
  const path = join(directory, 'writer.lock');
  const candidate = `${path}.${process.pid}`;
  writeFileSync(candidate, String(process.pid), { mode: 0o600 });
  try {
    if (!linked(candidate, path) && !tookOver(candidate, path)) return false;
    held.add(directory);
    return true;
  } finally {
    rmSync(candidate, { force: true });
  }
}

/** Replaces a dead process's lock. One process at a time: another might remove the lock that this one just made. */
function tookOver(candidate: string, path: string): boolean {
  const turn = `${path}.turn`;
  if (!linked(candidate, turn)) return false;
  try {
    if (isHeld(path)) return false;
    rmSync(path, { force: true });
    return linked(candidate, path);
  } finally {
    rmSync(turn, { force: true });
  }
}

/** Linking fails where the name is taken, whoever was first. */
function linked(candidate: string, path: string): boolean {
  try {
    linkSync(candidate, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isHeld(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // In a container a restarted gateway has its predecessor's pid; our own is not a holder's.
    if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function unlock(directory: string): void {
  held.delete(directory);
  rmSync(join(directory, 'writer.lock'), { force: true });
}
