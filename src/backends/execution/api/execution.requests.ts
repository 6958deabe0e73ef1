import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isIdentifier } from '../../service/identifiers.js';
import { PROJECT_ID } from '../../service/resource-access.js';
import { invalidRequest } from '../../service/validation.js';
import { JOB_STATUSES } from '../jobs/job-state.js';

const identifier = z.string().refine(isIdentifier, 'must be an identifier');

/** Part of file names and of command lines: begins with a letter or digit, so that it is never an option or a path. */
const sampleId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');

const tag = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be printable text');

/** `POST /jobs` */
export const JOB_REQUEST = z.strictObject({
  pipeline_id: identifier,
  configuration_id: identifier.nullish(),
  sample_id: sampleId,
  inputs: z
    .strictObject({ reads_1: identifier.optional(), reads_2: identifier.optional(), reference: identifier.optional() })
    .optional(),
  parameters: z
    .record(z.string().max(128), z.unknown())
    .refine((value) => Object.keys(value).length <= 256, 'must have at most 256 properties')
    .optional(),
  tags: z.array(tag).max(32).optional(),
  project_id: z.string().regex(PROJECT_ID, 'must be the id of a project').optional(),
});

export type JobRequest = z.output<typeof JOB_REQUEST>;

/** `GET /jobs?status=&limit=&cursor=` */
export const JOBS_QUERY = z.strictObject({
  status: z.enum(JOB_STATUSES, `must be one of ${JOB_STATUSES.join(', ')}`).optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 100')
    .transform(Number)
    .pipe(z.number().min(1, 'must be at least 1').max(100, 'must be at most 100'))
    .default(20),
  cursor: z.string().min(1).max(64).optional(),
});

export const encodeCursor = (ordinal: number): string => Buffer.from(String(ordinal)).toString('base64url');

export function decodeCursor(cursor: string | undefined): number | undefined {
  return cursor === undefined ? undefined : wholeNumber(Buffer.from(cursor, 'base64url').toString('latin1'), '/cursor');
}

/** The Last-Event-ID field (WHATWG HTML, server-sent events); 0 when there is none. */
export const lastEventId = (field: string | undefined): number =>
  field === undefined || field === '' ? 0 : wholeNumber(field, '/Last-Event-ID');

/** The Idempotency-Key field, unquoted or as the quoted string of the IETF draft. */
export function idempotencyKey(field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  const key = /^"([^"]*)"$/.exec(field)?.[1] ?? field;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalidRequest([{ pointer: '/Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' }]);
  }
  return key;
}

/** SHA-256 of the body whatever the order of its properties. */
export const requestDigest = (body: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(body)))
    .digest('hex');

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  // Pairs, not an object: a property called __proto__ would change what is built.
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, sorted(each)]);
}

function wholeNumber(text: string, pointer: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalidRequest([{ pointer, detail: 'is not one of ours' }]);
  return Number(text);
}
