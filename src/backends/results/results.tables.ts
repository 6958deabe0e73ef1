import { bigint, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** A file of a completed job as clients see it. */
export interface ResultFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly media_type: string;
  readonly description: string;
}

const resultsSchema = pgSchema('results');

/** Files that have arrived for a job that is not complete yet. */
export const stagedFiles = resultsSchema.table(
  'staged_files',
  {
    jobId: text('job_id').notNull(),
    name: text('name').notNull(),
    sha256: text('sha256').notNull(),
    size: bigint('size', { mode: 'number' }).notNull(),
    storedAt: timestamp('stored_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.name] })],
);

/** Completed jobs; a row is written once and never changed. */
export const manifests = resultsSchema.table('manifests', {
  jobId: text('job_id').primaryKey(),
  sampleId: text('sample_id').notNull(),
  pipelineId: text('pipeline_id').notNull(),
  pipelineVersion: text('pipeline_version').notNull(),
  owner: text('owner').notNull(),
  project: text('project').notNull(),
  completedAt: timestamp('completed_at', { withTimezone: true }).notNull(),
  files: jsonb('files').$type<ResultFile[]>().notNull(),
});

export type Manifest = typeof manifests.$inferSelect;

/** The tables above as SQL, one statement each, in order. */
export const RESULTS_MIGRATIONS: readonly string[] = [
  `create table results.staged_files (
    job_id text not null, name text not null, sha256 text not null, size bigint not null,
    stored_at timestamptz not null, primary key (job_id, name))`,
  `create table results.manifests (
    job_id text primary key, sample_id text not null, pipeline_id text not null, pipeline_version text not null,
    owner text not null, completed_at timestamptz not null, files jsonb not null)`,
  "alter table results.manifests add column project text not null default 'default'",
];
