import { randomFillSync, randomUUID } from 'node:crypto';

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/** The client's request id if it is well-formed, else a new UUID (RFC 9562 version 4). */
export function requestIdFrom(field: string | string[] | undefined): string {
  return typeof field === 'string' && REQUEST_ID.test(field) ? field : randomUUID();
}

// Random bytes are drawn in one go for many requests: a draw costs more than what it yields.
const pool = Buffer.alloc(24 * 256);
let poolOffset = pool.length;

/**
 * The `traceparent` to hand on (W3C Trace Context, version 00): the gateway's own span in the client's trace with the
 * client's flags, or in a new trace, sampled or not, where the client sent none that is well-formed.
 */
export function traceparentFrom(field: string | string[] | undefined, isSampled: boolean): string {
  const hex = randomHex();
  const [, traceId, flags] = (typeof field === 'string' ? TRACEPARENT.exec(field) : null) ?? [];
  return `00-${traceId ?? hex.slice(0, 32)}-${hex.slice(32)}-${flags ?? (isSampled ? '01' : '00')}`;
}

function randomHex(): string {
  if (poolOffset === pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  return pool.toString('hex', poolOffset, (poolOffset += 24));
}
