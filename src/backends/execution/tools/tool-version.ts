import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';

const ANSWER_WITHIN_MS = 20_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const VERSION = /\bv?(\d+\.\d[\w.+-]{0,40})/;

/**
 * The first version number a program prints; `unknown` if it prints none, undefined if it does not run. The exit code
 * does not matter: bwa tells its version with its usage.
 */
export function versionOf(path: string, args: readonly string[], searchPath: string): Promise<string | undefined> {
  const options = {
    timeout: ANSWER_WITHIN_MS,
    killSignal: 'SIGKILL' as const,
    maxBuffer: MAX_ANSWER_BYTES,
    cwd: tmpdir(),
    env: { PATH: searchPath, LC_ALL: 'C.UTF-8', HOME: tmpdir(), PYTHONDONTWRITEBYTECODE: '1' },
  };
  return new Promise((resolve) => {
    execFile(path, args, options, (error, stdout, stderr) => {
      const found = VERSION.exec(`${stdout}\n${stderr}`)?.[1];
      const isBroken = error !== null && (typeof error.code !== 'number' || found === undefined);
      resolve(isBroken ? undefined : (found ?? 'unknown'));
    });
  });
}
