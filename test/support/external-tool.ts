import { spawnSync, type SpawnSyncReturns } from 'node:child_process';

/**
 * Whether a program is on PATH. Where it is not, the tests that need it are left out, and this is said; with
 * CI_REQUIRE_SERVERS=1 it is an error, so that a pipeline never passes for want of a tool.
 */
export function hasTool(name: string): boolean {
  if (spawnSync('sh', ['-c', `command -v ${name}`]).status === 0) return true;
  if (process.env['CI_REQUIRE_SERVERS'] === '1') throw new Error(`${name} is not on PATH, and is required here`);
  process.stderr.write(`LEFT OUT: the tests that need ${name}, which is not on PATH.\n`);
  return false;
}

/** Runs a program to its end, at most 60 s; arguments are handed over as they are. */
export const runTool = (name: string, args: readonly string[], environment = {}): SpawnSyncReturns<string> =>
  spawnSync(name, args, { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...environment } });
