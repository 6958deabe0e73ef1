import { z } from 'zod';
import { invalidRequest } from '../service/validation.js';

// Letters, marks, digits, punctuation and spaces; no control or line-breaking characters.
const printable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u, 'must be printable text');

const parameters = z.record(z.string().max(128), z.unknown()).refine((value) => Object.keys(value).length <= 256, {
  message: 'must have at most 256 properties',
});

/** `POST /pipelines/{id}/configurations` */
export const CONFIGURATION_REQUEST = z.strictObject({
  name: printable(128),
  description: printable(2048).nullish(),
  parameters,
});

/** `POST /pipelines/{id}/parameters`, for peers. */
export const PARAMETERS_REQUEST = z.strictObject({ parameters });

/** `?limit=&cursor=` of both lists. */
export const PAGE_QUERY = z.strictObject({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number from 1 to 100')
    .transform(Number)
    .pipe(z.number().min(1, 'must be at least 1').max(100, 'must be at most 100'))
    .default(20),
  cursor: z.string().min(1).max(256).optional(),
});

export const encodeCursor = (position: string | number | undefined): string | null =>
  position === undefined ? null : Buffer.from(String(position)).toString('base64url');

/** The position a cursor of ours names; throws 422 `invalid_request` for any other. */
export function decodeCursor(cursor: string | undefined, form: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const position = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!form.test(position)) throw invalidRequest([{ pointer: '/cursor', detail: 'is not a cursor of this list' }]);
  return position;
}
