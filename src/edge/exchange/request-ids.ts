import { randomFillSync, randomUUID } from 'node:crypto';

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The client's request id if it is well-formed, else a new UUID (RFC 9562 version 4). */
export function requestIdFrom(field: string | string[] | undefined): string {
  return typeof field === 'string' && REQUEST_ID.test(field) ? field : randomUUID();
}

// Random bytes are drawn in one go for many requests: a draw costs more than what it yields.
const pool = Buffer.alloc(24 * 256);
let poolOffset = pool.length;

/** The client's `traceparent` if well-formed (W3C Trace Context, version 00), else a new one, not sampled. */
export function traceparentFrom(field: string | string[] | undefined): string {
  if (typeof field === 'string' && TRACEPARENT.test(field)) return field;
  if (poolOffset === pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  const hex = pool.toString('hex', poolOffset, (poolOffset += 24));
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-00`;
}
