import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendLog } from '../../service/log.js';
import type { JobStore } from '../jobs/job.store.js';
import type { JobRow } from '../jobs/execution.tables.js';
import type { JobQueue, LeasedChange } from '../jobs/job-queue.js';
import { killLeftovers } from '../processes/job-processes.js';
import { MAX_ATTEMPTS } from './job-attempt.js';

const LOOK_EVERY_MS = 5_000;
const LOOKS_BETWEEN_CLEANINGS = 720;

/**
 * Finds jobs whose service ended under them, kills what it left running, and puts them back into the queue, or ends
 * them where they have had all their attempts. The lease is taken before anything is done: of two instances one recovers.
 */
export class JobRecovery {
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private looks = 0;

  constructor(
    private readonly queue: JobQueue,
    private readonly store: JobStore,
    private readonly running: () => string[],
    private readonly dataDir: string,
    private readonly log: BackendLog,
  ) {}

  /** Recovers once before it returns, so that no worker meets what an earlier life left; then every five seconds. */
  async start(): Promise<void> {
    await this.removeOldWork();
    await this.look();
    this.timer = setInterval(() => {
      this.looking = this.looking
        .then(() => this.lookAndClean())
        .catch((error: unknown) => this.log.fault('recovery_failed', error));
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  async look(): Promise<void> {
    for (const job of await this.queue.abandoned(this.running())) {
      await this.recover(job).catch((error: unknown) =>
        this.log.fault('recovery_failed', error, { job_id: job.jobId }),
      );
    }
  }

  private async lookAndClean(): Promise<void> {
    await this.look();
    this.looks = (this.looks + 1) % LOOKS_BETWEEN_CLEANINGS;
    if (this.looks === 0) await this.store.forgetOldKeys();
  }

  private async recover(job: JobRow): Promise<void> {
    const lease = await this.queue.takeOver(job);
    if (lease === undefined) return;
    await killLeftovers(job.jobId, job.processGroup, this.queue.own.machine);
    await rm(join(this.dataDir, 'work', job.jobId), { recursive: true, force: true });
    const ending = endingOf(job);
    const row = (await this.queue.change(lease, ending)) ?? (await this.queue.change(lease, { to: 'cancelled' }));
    this.log.warn('job_recovered', { job_id: job.jobId, attempt: job.attempt, code: row?.status });
  }

  /** Work directories of jobs that have ended belong to nobody. */
  private async removeOldWork(): Promise<void> {
    const directory = join(this.dataDir, 'work');
    const names = await readdir(directory).catch(() => []);
    for (const name of await this.store.finished(names))
      await rm(join(directory, name), { recursive: true, force: true });
  }
}

function endingOf(job: JobRow): LeasedChange {
  if (job.status === 'cancelling') return { to: 'cancelled' };
  if (job.attempt < MAX_ATTEMPTS || job.isSealed) return { to: 'queued' };
  const detail = `The service ended under the job ${job.attempt} times.`;
  return { to: 'failed', values: { error: { code: 'attempts_exhausted', detail } } };
}
