import type { BackendClock } from '../../service/clock.js';
import type { JobQueue, Lease, LeasedChange } from '../jobs/job-queue.js';
import { LeaseLostError } from '../jobs/job-queue.js';
import type { StepPlan } from './step-plan.js';

const PROGRESS_EVERY_MS = 500;
/** Beyond so many events of a job, progress is shown in the job only. */
const MAX_PROGRESS_EVENTS = 5_000;

/**
 * Writes an attempt's progress, one write at a time: steps as they begin and end, percentages at most twice a second,
 * of which only the newest waits. A failed write is told by `settle`.
 */
export class StepReporter {
  private writing: Promise<void> = Promise.resolve();
  private failure: unknown;
  private lastProgressAt = 0;
  private events = 0;
  private isProgressWaiting = false;

  constructor(
    private readonly queue: JobQueue,
    private readonly lease: Lease,
    private readonly plan: StepPlan,
    private readonly clock: BackendClock,
  ) {}

  begin(name: string): void {
    if (this.plan.begin(name, this.now())) this.write({ steps: [name] });
  }

  progress(name: string, fraction: number): void {
    if (!this.plan.advance(name, fraction) || this.isProgressWaiting) return;
    if (this.clock.now() - this.lastProgressAt < PROGRESS_EVERY_MS) return;
    this.lastProgressAt = this.clock.now();
    this.isProgressWaiting = true;
    this.write({ isProgress: this.events < MAX_PROGRESS_EVENTS });
  }

  complete(name: string): void {
    if (this.plan.end(name, 'completed', this.now())) this.write({ steps: [name], isProgress: true });
  }

  /** Runs `work` as the step `name`. */
  async during<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.begin(name);
    const result = await work();
    this.complete(name);
    await this.settle();
    return result;
  }

  /** Waits for all writes; throws the first that failed, LeaseLostError where the lease is another's. */
  async settle(): Promise<void> {
    await this.writing;
    if (this.failure !== undefined) throw this.failure as Error;
  }

  /** The change that ends the step under way together with the job. */
  endingWith(status: 'failed' | 'cancelled'): LeasedChange {
    const name = this.plan.running;
    const steps = name !== null && this.plan.end(name, status, this.now()) ? [name] : [];
    return { steps, values: { progress: this.plan.current } };
  }

  private write(change: LeasedChange): void {
    this.writing = this.writing.then(async () => {
      if (this.failure !== undefined) return;
      if (change.isProgress === true) this.isProgressWaiting = false;
      try {
        const values = { progress: this.plan.current };
        const row = await this.queue.change(this.lease, { ...change, values });
        if (row === undefined) throw new LeaseLostError();
        this.events = row.eventSequence;
      } catch (error) {
        this.failure = error;
      }
    });
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}
