import { tokenRefused, unauthenticated } from '../identity.errors.js';

const FIELD = 'authorization';
const SCHEME = 'bearer ';

/**
 * The bearer token (RFC 6750 section 2.1) of a flat field list. Node keeps the first of repeated Authorization fields
 * and proxies may keep another, so a repeated one is refused rather than chosen from.
 */
export function readBearerToken(requestFields: readonly string[]): string {
  let value: string | undefined;
  for (let index = 0; index < requestFields.length; index += 2) {
    const name = requestFields[index];
    if (name?.length !== FIELD.length || name.toLowerCase() !== FIELD) continue;
    if (value !== undefined) throw tokenRefused('invalid_token');
    value = requestFields[index + 1];
  }
  if (value === undefined || value.slice(0, SCHEME.length).toLowerCase() !== SCHEME) throw unauthenticated();
  return value.slice(SCHEME.length).trim();
}
