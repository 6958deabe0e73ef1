import type { z } from 'zod';
import { BackendProblem } from './problem.js';

const MAX_ERRORS = 50;

export interface FieldError {
  /** JSON Pointer (RFC 6901) into the body, or the parameter's name after a slash. */
  readonly pointer: string;
  readonly detail: string;
}

/** Checks `value` against `schema`; throws 422 `invalid_request` that lists the faults and repeats no value. */
export function validated<T>(schema: z.ZodType<T>, value: unknown): T {
  if (value === undefined) throw new BackendProblem(400, 'malformed_body', 'Send a JSON body.');
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(
    parsed.error.issues.map((issue) => ({ pointer: pointerOf(issue.path), detail: messageOf(issue) })),
  );
}

/** 422 `invalid_request` with the given faults, at most 50. */
export const invalidRequest = (errors: readonly FieldError[]): BackendProblem =>
  new BackendProblem(422, 'invalid_request', 'The request does not have the form this route asks for.', {
    errors: errors.slice(0, MAX_ERRORS),
  });

const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 128)}`).join('');

// zod quotes unknown property names in full; a client may have put anything there.
const messageOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'unrecognized_keys' ? 'Has properties this route does not know.' : issue.message;
