/** An HTTP/1.1 answer as it stands in the bytes, read by rules of its own (RFC 9112 section 6.3). */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  /** The body with its chunks joined, as far as it came. */
  readonly body: string;
  readonly chunked: boolean;
  /** Its end was told by the message itself: by length, last chunk or status. */
  readonly whole: boolean;
  /** Lines after the last chunk. */
  readonly trailers: string;
  /** What stands behind the end of the message. */
  readonly rest: string;
}

const BODILESS = /^HTTP\/1\.1 (1\d\d|204|304) /;

/** Reads the final answer out of what came; undefined while its head is not whole. */
export function parseAnswer(bytes: string, method = 'GET'): RawAnswer | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = bytes.slice(0, end);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
  const after = bytes.slice(end + 4);
  if (status < 200) return parseAnswer(after, method);
  const answer = { status, head, chunked: false, trailers: '' };
  if (BODILESS.test(head) || method === 'HEAD') return { ...answer, body: '', whole: true, rest: after };
  if (/^transfer-encoding: *chunked$/im.test(head)) return { ...answer, ...dechunked(after), chunked: true };
  const length = /^content-length: *(\d+)$/im.exec(head)?.[1];
  if (length === undefined) return { ...answer, body: after, whole: false, rest: '' };
  const body = after.slice(0, Number(length));
  return { ...answer, body, whole: body.length === Number(length), rest: after.slice(Number(length)) };
}

function dechunked(text: string): Pick<RawAnswer, 'body' | 'whole' | 'trailers' | 'rest'> {
  let body = '';
  for (let at = 0; ;) {
    const line = text.indexOf('\r\n', at);
    const size = line < 0 ? NaN : parseInt(text.slice(at, line), 16);
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', line);
      return {
        body,
        whole: end >= 0,
        trailers: text.slice(line + 2, Math.max(line + 2, end)),
        rest: end < 0 ? '' : text.slice(end + 4),
      };
    }
    if (Number.isNaN(size)) return { body, whole: false, trailers: '', rest: '' };
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
