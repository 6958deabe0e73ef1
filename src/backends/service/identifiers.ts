import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 26;

/** `<prefix>_` and 26 lower-case base32 characters: 130 random bits, safe in a path, a file name and a log line. */
export function newId(prefix: string): string {
  let text = `${prefix}_`;
  for (const byte of randomBytes(LENGTH)) text += ALPHABET[byte & 31];
  return text;
}

const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The one form every id of the platform has; anything else can be answered as unknown without asking the database. */
export const isIdentifier = (value: unknown): value is string => typeof value === 'string' && IDENTIFIER.test(value);
