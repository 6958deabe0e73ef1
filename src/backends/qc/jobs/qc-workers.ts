import type { BackendLog } from '../../service/log.js';
import type { Peers } from '../../service/peers.js';
import type { QcJobQueue } from './qc-job.queue.js';
import { QcJobRun } from './qc-job.run.js';

/** How often an idle worker looks for jobs that others submitted or abandoned. */
const POLL_MS = 2_000;

/** Takes jobs from the queue, as many at once as there are workers. */
export class QcWorkers {
  private readonly runs = new Set<QcJobRun>();
  private readonly loops: Promise<void>[] = [];
  private readonly sleepers = new Set<() => void>();
  private stopping = false;

  constructor(
    private readonly queue: QcJobQueue,
    private readonly peers: Peers,
    private readonly log: BackendLog,
  ) {}

  start(workers: number): void {
    for (let i = 0; i < workers; i += 1) this.loops.push(this.loop());
  }

  /** Lets an idle worker look at once. */
  wake(): void {
    const [sleeper] = this.sleepers;
    sleeper?.();
  }

  /** Ends the runs, hands their jobs back and waits until that is done. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const sleeper of [...this.sleepers]) sleeper();
    for (const run of this.runs) run.stop();
    await Promise.all(this.loops);
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      try {
        if (!(await this.runNext())) await this.sleep();
      } catch (error) {
        this.log.fault('qc_queue_failed', error);
        await this.sleep();
      }
    }
  }

  private async runNext(): Promise<boolean> {
    const held = await this.queue.take();
    if (held === undefined) return false;
    const run = new QcJobRun(held, this.queue, this.peers, this.log);
    this.runs.add(run);
    try {
      if (this.stopping) run.stop();
      await run.run();
    } finally {
      this.runs.delete(run);
    }
    return true;
  }

  private sleep(): Promise<void> {
    if (this.stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, POLL_MS);
      this.sleepers.add(wake);
    });
  }
}
