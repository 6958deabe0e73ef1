import { boolean, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

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
});

export type UserRow = typeof users.$inferSelect;

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
];
