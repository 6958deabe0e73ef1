import { sql } from 'drizzle-orm';
import { bigint, boolean, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

const schema = pgSchema('auth');

export const users = schema.table('users', {
  id: text().primaryKey(),
  /** As compared: NFKC, lower case. */
  account: text().notNull().unique(),
  username: text().notNull(),
  displayName: text('display_name').notNull(),
  roles: jsonb().$type<string[]>().notNull(),
  /** Ids of projects; `*` stands for all. */
  projects: jsonb().$type<string[]>().notNull(),
  passwordHash: text('password_hash').notNull(),
  disabled: boolean().notNull(),
  /** Of the user's last change of rights: larger than that of every change committed before. The database's own to set. */
  version: bigint({ mode: 'number' })
    .notNull()
    .default(sql`nextval('auth.user_versions')`),
});

export type UserRow = typeof users.$inferSelect;

/** Taken by whoever changes rights, until the change is committed. */
export const USER_CHANGES_LOCK = '7202611230002';

export const loginAttempts = schema.table('login_attempts', {
  account: text().primaryKey(),
  failures: integer().notNull(),
  windowEndsAt: timestamp('window_ends_at', { withTimezone: true, mode: 'date' }).notNull(),
});

export const AUTH_MIGRATIONS: readonly string[] = [
  `create table auth.users (
    id text primary key,
    account text not null unique,
    username text not null,
    display_name text not null,
    roles jsonb not null,
    password_hash text not null,
    disabled boolean not null default false
  )`,
  `create table auth.login_attempts (
    account text primary key,
    failures integer not null,
    window_ends_at timestamptz not null
  )`,
  `alter table auth.users add column projects jsonb not null default '["*"]'`,
  `create sequence auth.user_versions`,
  `alter table auth.users add column version bigint not null default nextval('auth.user_versions')`,
  `create unique index users_by_version on auth.users (version)`,
  // Without the lock two writers could commit in another order than that of their numbers, and who reads in between would
  // pass over the later one. A trigger, so that a hand-written update is told of too.
  `create function auth.number_user_change() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT'
      or (old.roles, old.projects, old.disabled) is distinct from (new.roles, new.projects, new.disabled)
    then
      perform pg_advisory_xact_lock(${USER_CHANGES_LOCK});
      new.version := nextval('auth.user_versions');
    end if;
    return new;
  end $$`,
  `create trigger number_user_change before insert or update on auth.users
    for each row execute function auth.number_user_change()`,
];
