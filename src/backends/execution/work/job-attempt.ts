import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackendClock } from '../../service/clock.js';
import type { BackendLog } from '../../service/log.js';
import type { Engine } from '../engines/engine.js';
import type { JobRow } from '../jobs/execution.tables.js';
import { LeaseLostError, type JobQueue, type Lease, type LeasedChange } from '../jobs/job-queue.js';
import type { InputStaging } from './input-staging.js';
import { AttemptStopped, JobFailure, type StopReason } from './job-failure.js';
import { JobLog, logPath } from './job-log.js';
import { isTransient } from './peer-retry.js';
import type { ResultPublishing } from './result-publishing.js';
import { STAGE_STEP, StepPlan, STORE_STEP } from './step-plan.js';
import { StepReporter } from './step-reporter.js';

/** Lives a job gets: it may itself be what ends the service. */
export const MAX_ATTEMPTS = 3;
const RETRY_DELAY_MS = 30_000;

export interface AttemptParts {
  readonly queue: JobQueue;
  readonly staging: InputStaging;
  readonly publishing: ResultPublishing;
  readonly engines: Readonly<Record<'native' | 'cwl', Engine>>;
  readonly clock: BackendClock;
  readonly log: BackendLog;
  /** Holds `work/<job>` while a job runs and `logs/<job>.log` for good. */
  readonly dataDir: string;
}

/** One life of a job, from its claim to its end or to the moment it passes to somebody else. */
export class JobAttempt {
  readonly lease: Lease;
  private readonly controller = new AbortController();
  private readonly reporter: StepReporter;
  private readonly directory: string;

  constructor(
    private readonly parts: AttemptParts,
    private readonly job: JobRow,
  ) {
    this.lease = { jobId: job.jobId, epoch: job.leaseEpoch };
    this.reporter = new StepReporter(parts.queue, this.lease, new StepPlan(job.definition), parts.clock);
    this.directory = join(parts.dataDir, 'work', job.jobId, String(job.leaseEpoch));
  }

  /** The first reason counts. */
  stop(reason: StopReason): void {
    if (!this.controller.signal.aborted) this.controller.abort(new AttemptStopped(reason));
  }

  /** Ends with the job in the state it deserves, or untouched where it is another's by then. Does not throw for a job's failure. */
  async run(): Promise<void> {
    const log = await JobLog.open(logPath(join(this.parts.dataDir, 'logs'), this.job.jobId), () =>
      this.parts.clock.now(),
    );
    log.line(`attempt ${this.job.attempt} begins`);
    try {
      const ending = await this.live(log).catch((error: unknown) => this.endingFor(error, log));
      if (ending !== undefined) await this.settle(ending);
      log.line(`attempt ${this.job.attempt} ends: ${ending?.to ?? 'held by another instance'}`);
    } finally {
      await log.close();
      await rm(join(this.parts.dataDir, 'work', this.job.jobId), { recursive: true, force: true });
    }
  }

  private async live(log: JobLog): Promise<LeasedChange> {
    const { queue, publishing, engines } = this.parts;
    const { signal } = this.controller;
    if (this.job.isSealed && (await publishing.areComplete(this.job.jobId, signal))) {
      await this.enter({ to: 'running' });
      return { to: 'completed' };
    }
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const inputs = await this.reporter.during(STAGE_STEP, () => this.stage(log));
    await this.enter({ to: 'running', values: { isSealed: false } });
    const produced = await engines[this.job.definition.engine].run({
      job: this.job,
      inputs,
      directory: this.directory,
      signal,
      log,
      steps: this.reporter,
      onSpawn: (group) => {
        const values = { processGroup: { machine: queue.own.machine, ...group } };
        queue
          .change(this.lease, { values })
          .catch((error: unknown) => this.parts.log.fault('group_not_recorded', error));
      },
    });
    await this.reporter.settle();
    await this.reporter.during(STORE_STEP, async () => {
      const progress = (fraction: number): void => this.reporter.progress(STORE_STEP, fraction);
      const files = await publishing.send(this.job, produced, signal, progress);
      // Between this write and the end no cancellation is accepted: results that exist belong to a completed job.
      await this.enter({ values: { isSealed: true } }, 'running');
      await publishing.complete(this.job, files, signal);
    });
    return { to: 'completed' };
  }

  private stage(log: JobLog) {
    log.line(`staging ${Object.keys(this.job.inputs).join(', ')}`);
    const progress = (fraction: number): void => this.reporter.progress(STAGE_STEP, fraction);
    return this.parts.staging.stage(this.job.inputs, this.directory, this.controller.signal, progress);
  }

  /** A change without which the attempt must not go on; where the job is being cancelled it is that which stops it. */
  private async enter(change: LeasedChange, from?: 'running'): Promise<void> {
    this.controller.signal.throwIfAborted();
    const row = await this.parts.queue.change(this.lease, change, from);
    if (row !== undefined) return;
    if ((await this.parts.queue.renew(this.lease)) === 'cancelling') this.stop('cancelled');
    else throw new LeaseLostError();
    this.controller.signal.throwIfAborted();
  }

  private endingFor(error: unknown, log: JobLog): LeasedChange | undefined {
    const reason = this.controller.signal.reason as unknown;
    if (error instanceof LeaseLostError) return undefined;
    if (reason instanceof AttemptStopped) return this.endingOf(reason.reason);
    if (error instanceof JobFailure) {
      log.line(`failed: ${error.detail}`);
      return this.failed(error.code, error.detail);
    }
    const fields = { job_id: this.job.jobId, attempt: this.job.attempt };
    this.parts.log.fault('attempt_failed', error, fields);
    if (!isTransient(error)) return this.failed('internal_error', 'The job failed for a reason of the platform.');
    if (this.job.attempt >= MAX_ATTEMPTS) return this.failed('peer_unavailable', 'A service the job needs is away.');
    return { to: 'queued', values: { availableAt: new Date(this.parts.clock.now() + RETRY_DELAY_MS) } };
  }

  private endingOf(reason: StopReason): LeasedChange | undefined {
    switch (reason) {
      case 'cancelled':
        return { ...this.reporter.endingWith('cancelled'), to: 'cancelled' };
      case 'time_limit':
        return this.failed('time_limit', 'The job ran longer than a job may.');
      case 'handed_back':
        // The job did nothing to end this life, so it does not count.
        return { to: 'queued', values: { attempt: this.job.attempt - 1 } };
      case 'lease_lost':
        return undefined;
      default:
        return reason satisfies never;
    }
  }

  private failed(code: string, detail: string): LeasedChange {
    const ending = this.reporter.endingWith('failed');
    return { ...ending, to: 'failed', values: { ...ending.values, error: { code, detail } } };
  }

  /** A cancellation that came while the job was ending otherwise wins, unless it has completed. */
  private async settle(ending: LeasedChange): Promise<void> {
    await this.reporter.settle().catch(() => undefined);
    if ((await this.parts.queue.change(this.lease, ending)) !== undefined) return;
    await this.parts.queue.change(this.lease, { ...this.reporter.endingWith('cancelled'), to: 'cancelled' });
  }
}
