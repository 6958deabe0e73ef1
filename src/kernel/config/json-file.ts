import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';

const MAX_FILE_BYTES = 262_144;
const MAX_FAULTS = 50;

/** What a file held, or what is wrong with it: places and rules, never values. */
export type FileReading<Content> =
  | { readonly content: Content; readonly faults?: undefined }
  | { readonly content?: undefined; readonly faults: readonly string[] };

/** Reads a JSON file of at most 256 KiB and holds it against the schema; `name` is the variable that led to it. */
export function readJsonFile<Content>(name: string, path: string, schema: z.ZodType<Content>): FileReading<Content> {
  const parsed = schema.safeParse(parse(path));
  if (parsed.success) return { content: parsed.data };
  const faults = parsed.error.issues.slice(0, MAX_FAULTS).map(({ path: place, message }) => {
    return place.length === 0 ? `${name}: ${message}` : `${name}: /${place.map(String).join('/')}: ${message}`;
  });
  return { faults };
}

function parse(path: string): unknown {
  try {
    return statSync(path).size > MAX_FILE_BYTES ? undefined : JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // An absent file, one that is no JSON and one too large fail the schema as nothing does.
    return undefined;
  }
}
