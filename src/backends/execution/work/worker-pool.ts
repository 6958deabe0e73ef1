import type { BackendClock } from '../../service/clock.js';
import type { JobRow } from '../jobs/execution.tables.js';
import { LEASE_MS, LeaseLostError } from '../jobs/job-queue.js';
import { Wake, type JobSignals } from '../jobs/job-signals.js';
import { JobAttempt, type AttemptParts } from './job-attempt.js';

/** How soon a job that another instance was given is seen here. */
const LOOK_EVERY_MS = 1_000;
const RENEW_EVERY_MS = 3_000;
const AFTER_FAULT_MS = 2_000;
/** Longest run of one attempt. */
const TIME_LIMIT_MS = 24 * 60 * 60 * 1000;

/** N workers, each of which claims a job, runs it and keeps its lease. */
export class WorkerPool {
  private readonly attempts = new Map<string, JobAttempt>();
  private readonly wakes: Wake[] = [];
  private loops: Promise<void>[] = [];
  private isStopping = false;

  constructor(
    private readonly parts: AttemptParts,
    private readonly signals: JobSignals,
    private readonly size: number,
  ) {}

  start(): void {
    this.loops = Array.from({ length: this.size }, () => this.work());
  }

  /** Jobs that run here now. */
  get running(): string[] {
    return [...this.attempts.keys()];
  }

  /** Hands running jobs back to the queue, their processes ended first. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const attempt of this.attempts.values()) attempt.stop('handed_back');
    for (const wake of this.wakes) wake.notify();
    await Promise.all(this.loops);
  }

  private async work(): Promise<void> {
    const wake = new Wake();
    this.wakes.push(wake);
    const unsubscribe = this.signals.onSubmitted(wake.notify);
    while (!this.isStopping) {
      const pause = await this.workOnce().catch((error: unknown) => {
        this.parts.log.fault('worker_failed', error);
        return AFTER_FAULT_MS;
      });
      if (pause > 0 && !this.isStopping) await wake.wait(pause);
    }
    unsubscribe();
  }

  /** Milliseconds to pause before the next look. */
  private async workOnce(): Promise<number> {
    const job = await this.parts.queue.claim();
    if (job === undefined) return LOOK_EVERY_MS;
    const attempt = new JobAttempt(this.parts, job);
    this.attempts.set(job.jobId, attempt);
    if (this.isStopping) attempt.stop('handed_back');
    const release = this.attend(job, attempt);
    try {
      await attempt.run();
    } finally {
      release();
      this.attempts.delete(job.jobId);
    }
    return 0;
  }

  /** Renews the lease, passes cancellations on, and limits the time, until released. */
  private attend(job: JobRow, attempt: JobAttempt): () => void {
    const { clock } = this.parts;
    const began = clock.now();
    let renewed = began;
    const renew = async (): Promise<void> => {
      if (clock.now() - began > TIME_LIMIT_MS) attempt.stop('time_limit');
      try {
        if ((await this.parts.queue.renew(attempt.lease)) === 'cancelling') attempt.stop('cancelled');
        renewed = clock.now();
      } catch (error) {
        if (isLost(error, clock, renewed)) attempt.stop('lease_lost');
      }
    };
    const timer = setInterval(() => void renew(), RENEW_EVERY_MS);
    const unsubscribe = this.signals.onCancelled(job.jobId, () => attempt.stop('cancelled'));
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }
}

// A database that is away for as long as the lease may have given the job to somebody else by now.
const isLost = (error: unknown, clock: BackendClock, renewed: number): boolean =>
  error instanceof LeaseLostError || clock.now() - renewed > LEASE_MS - RENEW_EVERY_MS;
