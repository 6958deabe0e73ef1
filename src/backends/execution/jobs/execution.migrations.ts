/** Applied once each, in order. */
export const executionMigrations: readonly string[] = [
  `create table execution.jobs (
    ordinal bigint generated always as identity unique,
    job_id text primary key,
    owner text not null,
    sample_id text not null,
    pipeline_id text not null,
    pipeline_version text not null,
    configuration_id text,
    definition jsonb not null,
    inputs jsonb not null,
    parameters jsonb not null,
    tags jsonb not null,
    status text not null check (
      status in ('queued', 'starting', 'running', 'completed', 'failed', 'cancelling', 'cancelled')
    ),
    progress jsonb not null,
    attempt integer not null default 0,
    error jsonb,
    is_sealed boolean not null default false,
    event_sequence bigint not null default 0,
    lease_epoch bigint not null default 0,
    lease_instance text,
    lease_holder jsonb,
    lease_until timestamptz,
    process_group jsonb,
    available_at timestamptz not null,
    created_at timestamptz not null,
    started_at timestamptz,
    completed_at timestamptz
  )`,
  `create index jobs_waiting on execution.jobs (ordinal) where status = 'queued'`,
  `create index jobs_active on execution.jobs (lease_until) where status in ('starting', 'running', 'cancelling')`,
  'create index jobs_by_owner on execution.jobs (owner, ordinal)',
  'create index jobs_by_status on execution.jobs (status, ordinal)',
  `create table execution.job_events (
    job_id text not null references execution.jobs (job_id) on delete cascade,
    sequence bigint not null,
    event text not null,
    data jsonb not null,
    created_at timestamptz not null,
    primary key (job_id, sequence)
  )`,
  `create table execution.idempotency_keys (
    owner text not null,
    key text not null,
    request_sha256 text not null,
    job_id text not null references execution.jobs (job_id) on delete cascade,
    created_at timestamptz not null,
    primary key (owner, key)
  )`,
  'create index idempotency_keys_by_age on execution.idempotency_keys (created_at)',
  "alter table execution.jobs add column project text not null default 'default'",
];
