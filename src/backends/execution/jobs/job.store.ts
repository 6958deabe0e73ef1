import { and, asc, count, desc, eq, gt, inArray, lt, sql, TransactionRollbackError } from 'drizzle-orm';
import type { BackendClock } from '../../service/clock.js';
import type { Database } from '../../service/database.js';
import { isIdentifier, newId } from '../../service/identifiers.js';
import { jobFinished, jobNotFound, queueFull } from '../execution.problems.js';
import { idempotencyKeys, jobEvents, jobs, type JobRow } from './execution.tables.js';
import { applyChange, firstEvent } from './job-changes.js';
import type { JobSignals } from './job-signals.js';
import { ACTIVE_STATUSES, JOB_STATUSES, type JobStatus } from './job-state.js';

const MAX_WAITING_JOBS = 10_000;
const KEY_LIFE_MS = 7 * 24 * 60 * 60 * 1000;

export type NewJob = Pick<
  JobRow,
  | 'owner'
  | 'project'
  | 'sampleId'
  | 'pipelineId'
  | 'pipelineVersion'
  | 'configurationId'
  | 'definition'
  | 'inputs'
  | 'parameters'
  | 'tags'
  | 'progress'
>;

/** An Idempotency-Key as one owner sent it, with the SHA-256 of the request it came with. */
export interface IdempotencyKey {
  readonly owner: string;
  readonly key: string;
  readonly requestSha256: string;
}

export interface KnownRequest {
  readonly job: JobRow;
  readonly requestSha256: string;
}

export interface JobEvent {
  readonly sequence: number;
  readonly event: string;
  readonly data: unknown;
}

export interface JobFilter {
  /** Only this owner's. */
  readonly owner: string | undefined;
  /** Only of these projects. */
  readonly projects: readonly string[] | undefined;
  readonly status: JobStatus | undefined;
  /** Only jobs submitted before this ordinal. */
  readonly before: number | undefined;
  readonly limit: number;
}

/** What clients do with jobs: submit, read, list, cancel. */
export class JobStore {
  constructor(
    private readonly database: Database,
    private readonly clock: BackendClock,
    private readonly signals: JobSignals,
  ) {}

  /** The job an earlier request with this key made. */
  async known(key: IdempotencyKey): Promise<KnownRequest | undefined> {
    const rows = await this.database
      .select({ job: jobs, requestSha256: idempotencyKeys.requestSha256 })
      .from(idempotencyKeys)
      .innerJoin(jobs, eq(jobs.jobId, idempotencyKeys.jobId))
      .where(and(eq(idempotencyKeys.owner, key.owner), eq(idempotencyKeys.key, key.key)));
    return rows[0];
  }

  /**
   * Queues the job. With a key that a concurrent request took first nothing is stored and undefined is answered: the
   * unique key lets one of them pass, whichever instance they reached. Throws 503 `queue_full`.
   */
  async submit(values: NewJob, key?: IdempotencyKey): Promise<JobRow | undefined> {
    const now = new Date(this.clock.now());
    const row = await this.database
      .transaction(async (transaction) => {
        const [waiting] = await transaction.select({ jobs: count() }).from(jobs).where(eq(jobs.status, 'queued'));
        if ((waiting?.jobs ?? 0) >= MAX_WAITING_JOBS) throw queueFull();
        const [job] = await transaction
          .insert(jobs)
          .values({
            ...values,
            jobId: newId('job'),
            status: 'queued',
            eventSequence: 1,
            availableAt: now,
            createdAt: now,
          })
          .returning();
        if (job === undefined) throw new Error('The insert returned no row.');
        if (key !== undefined) {
          const taken = await transaction
            .insert(idempotencyKeys)
            .values({ ...key, jobId: job.jobId, createdAt: now })
            .onConflictDoNothing()
            .returning();
          if (taken.length === 0) return transaction.rollback();
        }
        await transaction.insert(jobEvents).values(firstEvent(job));
        return job;
      })
      .catch(undefinedOnRollback);
    if (row !== undefined) this.signals.submitted();
    return row;
  }

  async find(jobId: string): Promise<JobRow | undefined> {
    if (!isIdentifier(jobId)) return undefined;
    const rows = await this.database.select().from(jobs).where(eq(jobs.jobId, jobId));
    return rows[0];
  }

  /** Newest first. */
  list(filter: JobFilter): Promise<JobRow[]> {
    return this.database
      .select()
      .from(jobs)
      .where(
        and(
          filter.owner === undefined ? undefined : eq(jobs.owner, filter.owner),
          filter.projects === undefined ? undefined : inArray(jobs.project, [...filter.projects]),
          filter.status === undefined ? undefined : eq(jobs.status, filter.status),
          filter.before === undefined ? undefined : lt(jobs.ordinal, filter.before),
        ),
      )
      .orderBy(desc(jobs.ordinal))
      .limit(filter.limit);
  }

  /** Cancels a waiting job at once, asks a running one to end; throws 404 `job_not_found`, 409 `job_finished`. */
  async cancel(jobId: string): Promise<JobRow> {
    const at = new Date(this.clock.now());
    const open = eq(jobs.isSealed, false);
    // The job may be claimed between the two; the third look then finds it starting.
    const row =
      (await applyChange(this.database, jobId, { to: 'cancelled', at }, and(open, eq(jobs.status, 'queued')))) ??
      (await applyChange(this.database, jobId, { to: 'cancelling', at }, open)) ??
      (await applyChange(this.database, jobId, { to: 'cancelled', at }, and(open, eq(jobs.status, 'queued'))));
    const job = row ?? (await this.find(jobId));
    if (job === undefined) throw jobNotFound();
    if (row === undefined && job.status !== 'cancelling') throw jobFinished();
    this.signals.cancelled(jobId);
    this.signals.changed(jobId);
    return job;
  }

  /** At most `limit` events that follow `after`, in order. */
  events(jobId: string, after: number, limit: number): Promise<JobEvent[]> {
    return this.database
      .select({ sequence: jobEvents.sequence, event: jobEvents.event, data: jobEvents.data })
      .from(jobEvents)
      .where(and(eq(jobEvents.jobId, jobId), gt(jobEvents.sequence, after)))
      .orderBy(asc(jobEvents.sequence))
      .limit(limit);
  }

  async countsByStatus(): Promise<Record<JobStatus, number>> {
    const rows = await this.database.select({ status: jobs.status, jobs: count() }).from(jobs).groupBy(jobs.status);
    const counts = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<JobStatus, number>;
    for (const row of rows) counts[row.status] = row.jobs;
    return counts;
  }

  /** Those of `jobIds` that are neither waiting nor running. */
  async finished(jobIds: readonly string[]): Promise<string[]> {
    if (jobIds.length === 0) return [];
    const rows = await this.database
      .select({ jobId: jobs.jobId })
      .from(jobs)
      .where(and(inArray(jobs.jobId, [...jobIds]), inArray(jobs.status, ['queued', ...ACTIVE_STATUSES])));
    const alive = new Set(rows.map((row) => row.jobId));
    return jobIds.filter((jobId) => !alive.has(jobId));
  }

  /** Forgets keys of more than seven days, a thousand at a time. */
  async forgetOldKeys(): Promise<void> {
    const limit = new Date(this.clock.now() - KEY_LIFE_MS);
    await this.database.execute(sql`delete from ${idempotencyKeys} where (owner, key) in (
      select owner, key from ${idempotencyKeys} where created_at < ${limit.toISOString()}::timestamptz limit 1000)`);
  }
}

function undefinedOnRollback(error: unknown): undefined {
  if (error instanceof TransactionRollbackError) return undefined;
  throw error;
}
