import { UpstreamError } from './upstream.errors.js';

// RFC 3986 pchar and "/", percent-encodings whole; a second leading slash would read as an authority.
const PATH = /^\/(?!\/)(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/;
// "." and ".." segments, also encoded: a backend that normalises would leave the base path by them.
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
const ENCODED_SEPARATOR = /%(?:2f|5c|00)/i;
// Visible ASCII but "#": what may stand in a request target after "?".
const QUERY = /^[\x21\x22\x24-\x7e]*$/;

/**
 * Joins a path and a raw query to a request target in origin form (RFC 9112 section 3.2.1). Throws
 * `malformed_request` for anything that could name another host, leave the base path or split the request.
 */
export function targetPath(path: string, query: string): string {
  if (!PATH.test(path) || DOT_SEGMENT.test(path) || ENCODED_SEPARATOR.test(path) || !QUERY.test(query)) {
    throw new UpstreamError('malformed_request');
  }
  return query === '' ? path : `${path}?${query}`;
}
