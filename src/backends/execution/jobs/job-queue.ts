import { and, asc, eq, inArray, lte, not, or, sql, type SQL } from 'drizzle-orm';
import type { BackendClock } from '../../service/clock.js';
import type { Database } from '../../service/database.js';
import { hasEnded, type InstanceIdentity } from '../processes/instance-identity.js';
import { jobs, type JobRow } from './execution.tables.js';
import { applyChange, type JobChange } from './job-changes.js';
import type { JobSignals } from './job-signals.js';
import { ACTIVE_STATUSES, type JobStatus } from './job-state.js';

/** Without a renewal for so long a job counts as abandoned. Ten renewals fit into it. */
export const LEASE_MS = 30_000;
const ABANDONED_AT_ONCE = 100;

// The database's clock alone decides on leases: those of the instances need not agree.
const leaseEnd = sql<Date>`now() + make_interval(secs => ${LEASE_MS / 1000})` as unknown as Date;
const isSilent = sql<boolean>`coalesce(${jobs.leaseUntil} < now(), true)`;

/** The right to write a job, until somebody else holds it. */
export interface Lease {
  readonly jobId: string;
  readonly epoch: number;
}

/** The lease has passed to another instance; whoever held it must stop and write nothing more. */
export class LeaseLostError extends Error {
  constructor() {
    super('The lease has passed to another instance.');
    this.name = 'LeaseLostError';
  }
}

export type LeasedChange = Omit<JobChange, 'at'>;

/**
 * The queue as workers see it. A job is claimed under a row lock that others skip, and held by a lease; every write
 * names the lease's epoch, so that one who lost it without noticing changes nothing.
 */
export class JobQueue {
  constructor(
    private readonly database: Database,
    private readonly clock: BackendClock,
    private readonly signals: JobSignals,
    readonly own: InstanceIdentity,
  ) {}

  /** The oldest waiting job, now `starting` and ours; undefined when none waits. */
  async claim(): Promise<JobRow | undefined> {
    const now = new Date(this.clock.now());
    const row = await this.database.transaction(async (transaction) => {
      const [next] = await transaction
        .select({ jobId: jobs.jobId, startedAt: jobs.startedAt })
        .from(jobs)
        .where(and(eq(jobs.status, 'queued'), lte(jobs.availableAt, now)))
        .orderBy(asc(jobs.ordinal))
        .limit(1)
        .for('update', { skipLocked: true });
      if (next === undefined) return undefined;
      const values = {
        ...this.holding(),
        attempt: sql<number>`${jobs.attempt} + 1` as unknown as number,
        startedAt: next.startedAt ?? now,
      };
      return applyChange(transaction, next.jobId, { to: 'starting', values, at: now });
    });
    if (row !== undefined) this.signals.changed(row.jobId);
    return row;
  }

  /** Keeps the lease for another LEASE_MS; the job's status, for who wants to know of a cancellation. Throws LeaseLostError. */
  async renew(lease: Lease): Promise<JobStatus> {
    const [row] = await this.database
      .update(jobs)
      .set({ leaseUntil: leaseEnd })
      .where(this.heldBy(lease))
      .returning({ status: jobs.status });
    if (row === undefined) throw new LeaseLostError();
    return row.status;
  }

  /** Changes the job if the lease holds, the step is legal and the job is in `from`; undefined otherwise. */
  async change(lease: Lease, change: LeasedChange, from?: JobStatus): Promise<JobRow | undefined> {
    const at = new Date(this.clock.now());
    const condition = and(this.heldBy(lease), from === undefined ? undefined : eq(jobs.status, from));
    const row = await applyChange(this.database, lease.jobId, { ...change, at }, condition);
    if (row !== undefined) this.signals.changed(lease.jobId);
    if (row !== undefined && change.to === 'queued') this.signals.submitted();
    return row;
  }

  /** Jobs whose holder is certainly dead or has been silent for the whole lease; `except` are this instance's own. */
  async abandoned(except: readonly string[]): Promise<JobRow[]> {
    const held = await this.database
      .select({ row: jobs, silent: isSilent })
      .from(jobs)
      .where(
        and(
          inArray(jobs.status, [...ACTIVE_STATUSES]),
          except.length === 0 ? undefined : not(inArray(jobs.jobId, [...except])),
          or(isSilent, sql`${jobs.leaseInstance} is distinct from ${this.own.instance}`),
        ),
      )
      .orderBy(asc(jobs.ordinal))
      .limit(ABANDONED_AT_ONCE);
    const ended = await Promise.all(held.map(async ({ row, silent }) => silent || (await this.hasHolderEnded(row))));
    return held.filter((_each, index) => ended[index]).map(({ row }) => row);
  }

  /** Takes the lease of an abandoned job; undefined when another instance was first, or the holder came back. */
  async takeOver(abandoned: JobRow): Promise<Lease | undefined> {
    const [row] = await this.database
      .update(jobs)
      .set(this.holding())
      .where(
        and(
          eq(jobs.jobId, abandoned.jobId),
          eq(jobs.leaseEpoch, abandoned.leaseEpoch),
          inArray(jobs.status, [...ACTIVE_STATUSES]),
          (await this.hasHolderEnded(abandoned)) ? undefined : isSilent,
        ),
      )
      .returning({ epoch: jobs.leaseEpoch });
    return row === undefined ? undefined : { jobId: abandoned.jobId, epoch: row.epoch };
  }

  private async hasHolderEnded({ leaseHolder }: JobRow): Promise<boolean> {
    return leaseHolder === null || hasEnded(leaseHolder, this.own);
  }

  private holding() {
    return {
      leaseInstance: this.own.instance,
      leaseHolder: this.own,
      leaseUntil: leaseEnd,
      leaseEpoch: sql<number>`${jobs.leaseEpoch} + 1` as unknown as number,
    };
  }

  private heldBy({ jobId, epoch }: Lease): SQL | undefined {
    return and(eq(jobs.jobId, jobId), eq(jobs.leaseEpoch, epoch), eq(jobs.leaseInstance, this.own.instance));
  }
}
