import { spawn, type ChildProcess } from 'node:child_process';

const START_TIMEOUT_MS = 10_000;

/** One redis-server process of the test's own, ended by its id. */
export class RedisProcess {
  #child: ChildProcess | undefined;

  /** `args` as on the command line; `sign` is what its output says once it serves. */
  constructor(
    private readonly args: readonly string[],
    private readonly sign = 'Ready to accept connections',
  ) {}

  start(): Promise<void> {
    const child = spawn('redis-server', this.args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error('redis-server did not start in time'));
      }, START_TIMEOUT_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`redis-server ended with ${code}`));
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        if (output.length < 100_000) output += chunk.toString();
        if (!output.includes(this.sign)) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Stops answering but keeps its sockets, as a hung machine does. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends at once, and waits until it has. */
  kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => {
        resolve();
      });
      child.kill('SIGKILL');
    });
  }
}
