import { bigint, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { Analysis } from './engine/analysis-task.js';
import type { Assay } from './engine/thresholds.js';

const schema = pgSchema('qc');

export type QcStatus = 'queued' | 'running' | 'completed' | 'failed';

/** An upload to analyse, as ingestion described it when the job was submitted. */
export interface QcInput {
  readonly upload_id: string;
  readonly file_name: string;
  /** Bytes as uploaded. */
  readonly file_size: number;
}

/** Why a job failed; `record` is the FASTQ record at fault, counted from 1. */
export interface QcError {
  readonly code: string;
  readonly detail: string;
  readonly record: number | null;
}

const time = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const qcJobs = schema.table('jobs', {
  /** Order of submission, in which jobs are run. */
  ordinal: bigint('ordinal', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
  qcJobId: text('qc_job_id').primaryKey(),
  status: text('status').$type<QcStatus>().notNull(),
  owner: text('owner').notNull(),
  project: text('project').notNull(),
  sampleId: text('sample_id').notNull(),
  assay: text('assay').$type<Assay>().notNull(),
  inputs: jsonb('inputs').$type<readonly QcInput[]>().notNull(),
  processedBytes: bigint('processed_bytes', { mode: 'number' }).notNull(),
  /** How often a worker took the job up. */
  attempt: integer('attempt').notNull(),
  /** Names one attempt; who writes a running job must hold it. */
  lease: text('lease'),
  /** By the database's clock, which all instances share. */
  leaseUntil: time('lease_until'),
  availableAt: time('available_at').notNull(),
  result: jsonb('result').$type<Analysis>(),
  error: jsonb('error').$type<QcError>(),
  createdAt: time('created_at').notNull(),
  startedAt: time('started_at'),
  completedAt: time('completed_at'),
});

export type QcJobRow = typeof qcJobs.$inferSelect;

/** Applied once each, in order. */
export const QC_MIGRATIONS: readonly string[] = [
  `create table qc.jobs (
    ordinal bigint generated always as identity unique,
    qc_job_id text primary key,
    status text not null check (status in ('queued', 'running', 'completed', 'failed')),
    owner text not null,
    sample_id text not null,
    assay text not null,
    inputs jsonb not null,
    processed_bytes bigint not null default 0,
    attempt integer not null default 0,
    lease text,
    lease_until timestamptz,
    available_at timestamptz not null default now(),
    result jsonb,
    error jsonb,
    created_at timestamptz not null,
    started_at timestamptz,
    completed_at timestamptz,
    check ((status = 'running') = (lease is not null)),
    check ((status = 'completed') = (result is not null)),
    check ((status = 'failed') = (error is not null))
  )`,
  "create index jobs_open on qc.jobs (ordinal) where status in ('queued', 'running')",
  "alter table qc.jobs add column project text not null default 'default'",
];
