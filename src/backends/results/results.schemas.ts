import { z } from 'zod';
import { DEFAULT_PROJECT, PROJECT_ID } from '../service/resource-access.js';
import { isIdentifier } from '../service/identifiers.js';

const MAX_FILES = 1_000;
const MIN_LINK_SECONDS = 60;
const MAX_LINK_SECONDS = 86_400;
const DEFAULT_LINK_SECONDS = 900;

const identifier = z.string().refine(isIdentifier, 'must be an identifier');

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

const hasUniqueNames = (files: readonly { name: string }[]): boolean =>
  new Set(files.map((file) => file.name)).size === files.length;

/** What completes a job's results; a file name has the form of an identifier. */
export const COMPLETION = z.strictObject({
  sample_id: z.string().min(1).max(128),
  pipeline_id: identifier,
  pipeline_version: z.string().min(1).max(64),
  owner: z.string().min(1).max(128),
  project_id: z.string().regex(PROJECT_ID).default(DEFAULT_PROJECT),
  files: z
    .array(
      z.strictObject({
        name: identifier,
        media_type: z.string().regex(/^[\w.+-]{1,64}\/[\w.+-]{1,64}$/, 'must be a media type without parameters'),
        description: z.string().max(512).default(''),
        sha256,
        size: z.number().int().min(0),
      }),
    )
    .max(MAX_FILES)
    .refine(hasUniqueNames, 'must not name a file twice'),
});

export type Completion = z.output<typeof COMPLETION>;

/** Which files to link (all of them when absent) and for how many seconds. */
export const LINK_REQUEST = z.strictObject({
  files: z.array(z.string().min(1).max(256)).min(1).max(MAX_FILES).optional(),
  expires_in: z
    .number()
    .int()
    .min(MIN_LINK_SECONDS, `must be at least ${MIN_LINK_SECONDS}`)
    .max(MAX_LINK_SECONDS, `must be at most ${MAX_LINK_SECONDS}`)
    .default(DEFAULT_LINK_SECONDS),
});

export const isSha256 = (value: unknown): value is string => sha256.safeParse(value).success;
