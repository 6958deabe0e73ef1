import type { ExchangeClosed } from '../../kernel/events.js';
import type { UpstreamSummary } from '../../kernel/exchange.js';
import type { Principal } from '../../kernel/principal.js';

const TRACE_ID_START = 3;
const TRACE_ID_END = 35;
const INFO = 30;

const whoByPrincipal = new WeakMap<Principal, string>();

/**
 * One exchange as the log knows it, a line of JSON: these fields and no others. Never the path, the query, a field of
 * the message or the user's name; user ids are accounts of staff.
 *
 * It is built as text because every exchange pays for it: a general serialiser costs five times as much. What comes
 * from outside (user id, roles) goes through JSON.stringify; all else is a number or of an alphabet that needs no
 * escape: ids checked at the door, method tokens of the parser, our own templates and names.
 */
export function accessLine(closed: ExchangeClosed, app: string, now: number): string {
  const { exchange, status, durationMs, requestBytes, responseBytes } = closed;
  const { principal, upstream, errorCode } = exchange;
  const route = exchange.route === '' ? 'unmatched' : exchange.route;
  return (
    `{"level":${INFO},"time":${now},"app":"${app}","id":"${exchange.id}","method":"${exchange.method}",` +
    `"route":"${route}","status":${status}${errorCode === undefined ? '' : `,"code":"${errorCode}"`},` +
    `"duration_ms":${toTenth(durationMs)},"request_bytes":${requestBytes},"response_bytes":${responseBytes}` +
    (principal === undefined ? '' : whoIs(principal)) +
    (upstream === undefined ? '' : whatOf(upstream)) +
    `,"trace_id":"${exchange.traceparent.slice(TRACE_ID_START, TRACE_ID_END)}","msg":"exchange"}\n`
  );
}

function whoIs(principal: Principal): string {
  let text = whoByPrincipal.get(principal);
  if (text === undefined) {
    text = `,"user_id":${JSON.stringify(principal.userId)},"roles":${JSON.stringify(principal.roles)}`;
    whoByPrincipal.set(principal, text);
  }
  return text;
}

const whatOf = ({ service, operation, attempts, durationMs }: UpstreamSummary): string =>
  `,"service":"${service}","operation":"${operation}","attempts":${attempts},"upstream_ms":${toTenth(durationMs)}`;

const toTenth = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;
