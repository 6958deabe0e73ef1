import { fieldOf } from '../recording/recorded-answer.js';

/** A kept answer differs by nothing else: the key holds path, query and roles, and coded bodies are not kept. */
const HARMLESS_VARY: ReadonlySet<string> = new Set(['origin', 'accept-encoding', '']);
const JSON_TYPE = /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i;
const MAX_AGE = /(?:^|[\s,])(?:s-maxage|max-age)=(\d{1,10})/i;

/** Whether an answer may be kept and given to others who hold the same roles (RFC 9111 section 3). */
export function mayBeKept(status: number, fields: readonly string[]): boolean {
  if (status !== 200 || !JSON_TYPE.test(fieldOf(fields, 'content-type') ?? '')) return false;
  if (fieldOf(fields, 'set-cookie') !== undefined || fieldOf(fields, 'content-encoding') !== undefined) return false;
  if (/\b(no-store|no-cache|private)\b/i.test(fieldOf(fields, 'cache-control') ?? '')) return false;
  const vary = (fieldOf(fields, 'vary') ?? '').split(',');
  return vary.every((name) => HARMLESS_VARY.has(name.trim().toLowerCase()));
}

/** For how long: the gateway's own bound, or less where the service says so. */
export function keepForMs(fields: readonly string[], ceilingMs: number): number {
  const stated = MAX_AGE.exec(fieldOf(fields, 'cache-control') ?? '')?.[1];
  return stated === undefined ? ceilingMs : Math.min(ceilingMs, Number(stated) * 1000);
}

const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range', 'range'];

/** Whether a request wants its answer from the service itself, or only a part of it. */
export function wantsOrigin(headers: Readonly<NodeJS.Dict<string | string[]>>): boolean {
  if (CONDITIONS.some((name) => headers[name] !== undefined)) return true;
  const control = headers['cache-control'];
  return typeof control === 'string' && /\b(no-cache|no-store)\b|max-age=0\b/i.test(control);
}

// The answer's own connection-bound fields; RFC 9111 section 3.1 keeps them out of a cache.
const NOT_KEPT: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'age', 'date']);

export const keptFields = (fields: readonly string[]): string[] =>
  fields.filter((_, index) => !NOT_KEPT.has((fields[index - (index % 2)] ?? '').toLowerCase()));
