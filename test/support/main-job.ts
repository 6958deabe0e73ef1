import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from './built-gateway.js';

/** Runs examples/main-job.mjs at a gateway; gives its exit code and all it printed. */
export async function runExample(url: string, ...files: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'examples/main-job.mjs'), ...files], {
    env: { ...process.env, GENOFLOW_URL: url, GENOFLOW_USERNAME: 'admin', GENOFLOW_PASSWORD: 'password' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number];
  return { code, output };
}

export const succeeded = ({ code, output }: { code: number; output: string }): string =>
  code === 0 ? 'succeeded' : output;
