export const JOB_STATUSES = [
  'queued',
  'starting',
  'running',
  'completed',
  'failed',
  'cancelling',
  'cancelled',
] as const;

export type JobStatus = (typeof JOB_STATUSES)[number];

/**
 * Every legal step of a job's life. `starting` stages inputs, `running` computes and stores results. Back to `queued`
 * goes a job whose service ended under it, or handed it back; a job that is being cancelled only ever ends cancelled.
 */
const NEXT: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ['starting', 'cancelled'],
  starting: ['running', 'failed', 'cancelling', 'queued'],
  running: ['completed', 'failed', 'cancelling', 'queued'],
  cancelling: ['cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export const mayFollow = (from: JobStatus, to: JobStatus): boolean => NEXT[from].includes(to);

/** The statuses from which `to` may be entered; an update that names them cannot make an illegal step. */
export const sourcesOf = (to: JobStatus): JobStatus[] => JOB_STATUSES.filter((from) => mayFollow(from, to));

/** Nothing follows: completed, failed, cancelled. */
export const isFinal = (status: JobStatus): boolean => NEXT[status].length === 0;

/** Held by a worker: starting, running, cancelling. */
export const ACTIVE_STATUSES: readonly JobStatus[] = ['starting', 'running', 'cancelling'];
