import { randomUUID } from 'node:crypto';
import { and, asc, eq, lte, or, sql } from 'drizzle-orm';
import type { BackendClock } from '../../service/clock.js';
import type { Database } from '../../service/database.js';
import type { Analysis } from '../engine/analysis-task.js';
import { qcJobs, type QcError, type QcJobRow } from '../qc.tables.js';

/** Without a heartbeat for so long another instance takes the job over; heartbeats also carry the progress. */
const LEASE_SECONDS = 30;
export const HEARTBEAT_MS = 2_000;
/** A job whose attempts end without a verdict so often takes its workers down, or its input cannot be had. */
export const MAX_ATTEMPTS = 4;

/** A job this instance runs, and the proof that it does. */
export interface HeldJob {
  readonly job: QcJobRow;
  readonly lease: string;
}

/**
 * The queue as workers see it. A job is taken under a row lock that other takers skip and held by a lease that must be
 * renewed; every write names the lease, so that whoever lost it changes nothing. Times are the database's.
 */
export class QcJobQueue {
  constructor(
    private readonly database: Database,
    private readonly clock: BackendClock,
  ) {}

  /** The oldest job that waits or whose holder fell silent; undefined when there is none. */
  async take(): Promise<HeldJob | undefined> {
    const waiting = and(eq(qcJobs.status, 'queued'), lte(qcJobs.availableAt, sql`now()`));
    const abandoned = and(eq(qcJobs.status, 'running'), lte(qcJobs.leaseUntil, sql`now()`));
    const lease = randomUUID();
    const startedAt = new Date(this.clock.now()).toISOString();
    return this.database.transaction(async (transaction) => {
      const [next] = await transaction
        .select({ qcJobId: qcJobs.qcJobId })
        .from(qcJobs)
        .where(or(waiting, abandoned))
        .orderBy(asc(qcJobs.ordinal))
        .limit(1)
        .for('update', { skipLocked: true });
      if (next === undefined) return undefined;
      const [job] = await transaction
        .update(qcJobs)
        .set({
          status: 'running',
          lease,
          leaseUntil: LEASE_END,
          attempt: sql`${qcJobs.attempt} + 1`,
          processedBytes: 0,
          startedAt: sql`coalesce(${qcJobs.startedAt}, ${startedAt}::timestamptz)`,
        })
        .where(eq(qcJobs.qcJobId, next.qcJobId))
        .returning();
      return job === undefined ? undefined : { job, lease };
    });
  }

  /** Renews the lease and notes progress; false when the lease has passed to somebody else. */
  beat(held: HeldJob, processedBytes: number): Promise<boolean> {
    return this.change(held, { processedBytes, leaseUntil: LEASE_END });
  }

  complete(held: HeldJob, result: Analysis, processedBytes: number): Promise<boolean> {
    return this.change(held, { ...RELEASED, status: 'completed', result, processedBytes, completedAt: this.now() });
  }

  fail(held: HeldJob, error: QcError): Promise<boolean> {
    return this.change(held, { ...RELEASED, status: 'failed', error, completedAt: this.now() });
  }

  /** Puts the job back to be tried again after a while. */
  retry(held: HeldJob, delaySeconds: number): Promise<boolean> {
    const availableAt = sql`now() + make_interval(secs => ${delaySeconds})` as unknown as Date;
    return this.change(held, { ...RELEASED, status: 'queued', processedBytes: 0, availableAt });
  }

  /** Puts the job back as if it had not been taken. */
  handBack(held: HeldJob): Promise<boolean> {
    const attempt = sql`${qcJobs.attempt} - 1` as unknown as number;
    return this.change(held, { ...RELEASED, status: 'queued', processedBytes: 0, attempt });
  }

  /** Puts every running job back; for the sole user of a database, whose former process can only have died. */
  async recover(): Promise<number> {
    const rows = await this.database
      .update(qcJobs)
      .set({ ...RELEASED, status: 'queued', processedBytes: 0 })
      .where(eq(qcJobs.status, 'running'))
      .returning({ qcJobId: qcJobs.qcJobId });
    return rows.length;
  }

  private async change(held: HeldJob, values: Partial<QcJobRow>): Promise<boolean> {
    const rows = await this.database
      .update(qcJobs)
      .set(values)
      .where(and(eq(qcJobs.qcJobId, held.job.qcJobId), eq(qcJobs.lease, held.lease)))
      .returning({ qcJobId: qcJobs.qcJobId });
    return rows.length === 1;
  }

  private now(): Date {
    return new Date(this.clock.now());
  }
}

const LEASE_END = sql`now() + make_interval(secs => ${LEASE_SECONDS})` as unknown as Date;
const RELEASED = { lease: null, leaseUntil: null } as const;
