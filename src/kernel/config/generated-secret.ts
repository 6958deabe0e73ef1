import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Reads the secret kept in `directory/name`, making it on first use (256 bit, mode 0600), so that a restart on a bare
 * machine ends nobody's session. Two processes that start together get the same one: the first link wins.
 */
export function obtainSecret(directory: string, name: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, name);
  const candidate = `${path}.${process.pid}`;
  writeFileSync(candidate, randomBytes(32).toString('base64url'), { mode: 0o600 });
  try {
    linkSync(candidate, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(candidate);
  }
  return readFileSync(path, 'utf8');
}
