import { bigint, boolean, integer, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import type { ProcessGroup } from '../processes/process-table.js';
import type { InstanceIdentity } from '../processes/instance-identity.js';
import type { JobStatus } from './job-state.js';
import type { InputFiles, JobError, JobProgress, PipelineDefinition, Tags } from './job.types.js';

const schema = pgSchema('execution');
const moment = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const jobs = schema.table('jobs', {
  /** Order of submission: the queue's order, and the one pages are cut along. */
  ordinal: bigint('ordinal', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
  jobId: text('job_id').primaryKey(),
  owner: text('owner').notNull(),
  project: text('project').notNull(),
  sampleId: text('sample_id').notNull(),
  pipelineId: text('pipeline_id').notNull(),
  pipelineVersion: text('pipeline_version').notNull(),
  configurationId: text('configuration_id'),
  definition: jsonb('definition').$type<PipelineDefinition>().notNull(),
  inputs: jsonb('inputs').$type<InputFiles>().notNull(),
  parameters: jsonb('parameters').$type<Record<string, unknown>>().notNull(),
  tags: jsonb('tags').$type<Tags>().notNull(),
  status: text('status').$type<JobStatus>().notNull(),
  progress: jsonb('progress').$type<JobProgress>().notNull(),
  attempt: integer('attempt').notNull().default(0),
  error: jsonb('error').$type<JobError>(),
  /** The results are being completed: from here on the job cannot be cancelled any more. */
  isSealed: boolean('is_sealed').notNull().default(false),
  eventSequence: bigint('event_sequence', { mode: 'number' }).notNull().default(0),
  /** Grows with every change of hands; a write under an older epoch changes nothing. */
  leaseEpoch: bigint('lease_epoch', { mode: 'number' }).notNull().default(0),
  leaseInstance: text('lease_instance'),
  leaseHolder: jsonb('lease_holder').$type<InstanceIdentity>(),
  leaseUntil: moment('lease_until'),
  processGroup: jsonb('process_group').$type<ProcessGroup>(),
  availableAt: moment('available_at').notNull(),
  createdAt: moment('created_at').notNull(),
  startedAt: moment('started_at'),
  completedAt: moment('completed_at'),
});

export type JobRow = typeof jobs.$inferSelect;

export const jobEvents = schema.table(
  'job_events',
  {
    jobId: text('job_id').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    event: text('event').notNull(),
    data: jsonb('data').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.sequence] })],
);

export const idempotencyKeys = schema.table(
  'idempotency_keys',
  {
    owner: text('owner').notNull(),
    key: text('key').notNull(),
    requestSha256: text('request_sha256').notNull(),
    jobId: text('job_id').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.owner, table.key] })],
);
