import { bigint, index, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { Compression, FileType } from './content/content-check.js';
import type { ReadNames } from './content/read-names.js';

export interface UploadError {
  readonly code: string;
  readonly detail: string;
  readonly record: number | null;
  readonly line: number | null;
}

export type UploadStatus = 'receiving' | 'completed' | 'failed';

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const uploads = pgSchema('ingestion').table(
  'uploads',
  {
    id: text().primaryKey(),
    owner: text().notNull(),
    project: text().notNull(),
    status: text().$type<UploadStatus>().notNull(),
    sampleId: text('sample_id').notNull(),
    fileName: text('file_name').notNull(),
    fileType: text('file_type').$type<FileType>(),
    compression: text().$type<Compression>(),
    /** Declared while receiving, true when completed. */
    fileSize: bigint('file_size', { mode: 'number' }).notNull(),
    sha256: text(),
    expectedSha256: text('expected_sha256'),
    readCount: bigint('read_count', { mode: 'number' }),
    readNames: jsonb('read_names').$type<ReadNames>(),
    mateOf: text('mate_of'),
    mateUploadId: text('mate_upload_id'),
    error: jsonb().$type<UploadError>(),
    createdAt: instant('created_at').notNull(),
    completedAt: instant('completed_at'),
  },
  (table) => [index().on(table.owner, table.status), index().on(table.mateOf)],
);

export type UploadRow = typeof uploads.$inferSelect;

export const INGESTION_MIGRATIONS: readonly string[] = [
  `create table ingestion.uploads (
    id text primary key,
    owner text not null,
    status text not null check (status in ('receiving', 'completed', 'failed')),
    sample_id text not null,
    file_name text not null,
    file_type text,
    compression text,
    file_size bigint not null,
    sha256 text,
    expected_sha256 text,
    read_count bigint,
    read_names jsonb,
    mate_of text,
    mate_upload_id text,
    error jsonb,
    created_at timestamptz not null,
    completed_at timestamptz
  )`,
  'create index uploads_owner_status on ingestion.uploads (owner, status)',
  'create index uploads_mate_of on ingestion.uploads (mate_of)',
  "alter table ingestion.uploads add column project text not null default 'default'",
];
