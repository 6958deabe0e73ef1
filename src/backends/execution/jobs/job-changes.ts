import { and, eq, inArray, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../../service/database.js';
import { jobEvents, jobs, type JobRow } from './execution.tables.js';
import { isFinal, sourcesOf, type JobStatus } from './job-state.js';

export type JobEventName = 'status' | 'step' | 'progress' | 'end';

interface EventDraft {
  readonly event: JobEventName;
  readonly data: (row: JobRow) => unknown;
}

type JobValues = Partial<typeof jobs.$inferInsert>;

/** One change of one job. What it touches besides, and which events it leaves, follows from it. */
export interface JobChange {
  /** Only from a status that `to` may follow. */
  readonly to?: JobStatus;
  readonly values?: JobValues;
  /** Names of steps whose state is new in `values.progress`. */
  readonly steps?: readonly string[];
  /** Leave a progress event. */
  readonly isProgress?: boolean;
  /** The writer's clock. */
  readonly at: Date;
}

/**
 * Applies the change where `condition` holds and the step is legal, together with its events, in one transaction.
 * Answers the row as it is then, undefined when nothing matched.
 */
export async function applyChange(
  database: Database,
  jobId: string,
  change: JobChange,
  condition?: SQL,
): Promise<JobRow | undefined> {
  const drafts = draftsOf(change);
  return database.transaction(async (transaction) => {
    const [row] = await transaction
      .update(jobs)
      .set({
        ...statusValues(change),
        ...change.values,
        eventSequence: sql`${jobs.eventSequence} + ${drafts.length}`,
      })
      .where(and(eq(jobs.jobId, jobId), legal(change), condition))
      .returning();
    if (row === undefined || drafts.length === 0) return row;
    const first = row.eventSequence - drafts.length + 1;
    await transaction.insert(jobEvents).values(
      drafts.map(({ event, data }, index) => ({
        jobId,
        sequence: first + index,
        event,
        data: data(row),
        createdAt: change.at,
      })),
    );
    return row;
  });
}

/** The first event of a new job; its row says `event_sequence` 1. */
export const firstEvent = (row: JobRow) => ({
  jobId: row.jobId,
  sequence: 1,
  event: 'status',
  data: statusData(row),
  createdAt: row.createdAt,
});

const legal = ({ to }: JobChange): SQL | undefined =>
  to === undefined ? undefined : inArray(jobs.status, sourcesOf(to));

function statusValues({ to, at }: JobChange): JobValues {
  if (to === undefined) return {};
  const released = { leaseInstance: null, leaseHolder: null, leaseUntil: null, processGroup: null };
  if (isFinal(to)) return { status: to, completedAt: at, ...released };
  return to === 'queued' ? { status: to, ...released } : { status: to };
}

function draftsOf({ to, steps = [], isProgress = false }: JobChange): EventDraft[] {
  const drafts: EventDraft[] = steps.map((name) => ({ event: 'step', data: (row) => stepData(row, name) }));
  if (isProgress) drafts.push({ event: 'progress', data: progressData });
  if (to !== undefined) drafts.push({ event: 'status', data: statusData });
  if (to !== undefined && isFinal(to)) drafts.push({ event: 'end', data: endData });
  return drafts;
}

const statusData = (row: JobRow) => ({
  job_id: row.jobId,
  status: row.status,
  attempt: row.attempt,
  percent: row.progress.percent,
  error: row.error,
});

const stepData = (row: JobRow, name: string) => ({
  job_id: row.jobId,
  ...row.progress.steps.find((step) => step.name === name),
});

const progressData = (row: JobRow) => ({
  job_id: row.jobId,
  percent: row.progress.percent,
  step: row.progress.step,
  step_percent: row.progress.steps.find((step) => step.name === row.progress.step)?.percent ?? null,
});

const endData = (row: JobRow) => ({ job_id: row.jobId, status: row.status });
