import { bigint, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';
import type { Parameters } from './parameter-validator.js';

const schema = pgSchema('pipelines');

export const configurations = schema.table('configurations', {
  /** Order of creation; pages are cut along it. */
  ordinal: bigint('ordinal', { mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
  configurationId: text('configuration_id').primaryKey(),
  pipelineId: text('pipeline_id').notNull(),
  pipelineVersion: text('pipeline_version').notNull(),
  name: text('name').notNull(),
  description: text('description'),
  parameters: jsonb('parameters').$type<Parameters>().notNull(),
  owner: text('owner').notNull(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'date' }).notNull(),
});

export type ConfigurationRow = typeof configurations.$inferSelect;

/** Applied once each, in order. */
export const pipelinesMigrations: readonly string[] = [
  `create table pipelines.configurations (
    ordinal bigint generated always as identity unique,
    configuration_id text primary key,
    pipeline_id text not null,
    pipeline_version text not null,
    name text not null,
    description text,
    parameters jsonb not null,
    owner text not null,
    created_at timestamptz not null
  )`,
  'create index configurations_by_pipeline on pipelines.configurations (pipeline_id, ordinal)',
];
