import type { ExchangeClosed } from '../../kernel/events.js';

const TRACE_ID_START = 3;
const TRACE_ID_END = 35;

/**
 * One exchange as the log knows it: these fields and no others. Never the path, the query, a field of the message or
 * the user's name; user ids are accounts of staff.
 */
export function accessLine({ exchange, status, durationMs, requestBytes, responseBytes }: ExchangeClosed) {
  const { principal, upstream } = exchange;
  return {
    id: exchange.id,
    method: exchange.method,
    route: exchange.route === '' ? 'unmatched' : exchange.route,
    status,
    code: exchange.errorCode,
    duration_ms: toTenth(durationMs),
    request_bytes: requestBytes,
    response_bytes: responseBytes,
    user_id: principal?.userId,
    roles: principal?.roles,
    service: upstream?.service,
    operation: upstream?.operation,
    attempts: upstream?.attempts,
    upstream_ms: upstream === undefined ? undefined : toTenth(upstream.durationMs),
    trace_id: exchange.traceparent.slice(TRACE_ID_START, TRACE_ID_END),
  };
}

const toTenth = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
