import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError } from './problem-error.mjs';

const MAX_FAILURES_IN_A_ROW = 5;
const MAX_LINE_CHARACTERS = 1_048_576;
/** Heartbeats come every 15 s; three missing ones mean that nobody is at the other end. */
const SILENCE_MS = 45_000;
const DEFAULT_RETRY_MS = 1_000;

/**
 * Follows a stream of server-sent events (WHATWG HTML section 9.2) until an `end` event, and takes it up where it broke
 * by Last-Event-ID. Yields `{ type, data, id }` with data as text.
 * @param {import('./gateway-client.mjs').GatewayClient} client
 * @param {string} path
 * @param {(reason: string) => void} onReconnect
 */
export async function* followEvents(client, path, onReconnect) {
  const position = { lastEventId: '', retryMs: DEFAULT_RETRY_MS };
  for (let failures = 0; ;) {
    try {
      for await (const event of readOnce(client, path, position)) {
        failures = 0;
        if (event.type === 'end') return;
        yield event;
      }
      throw new Error('the stream ended early');
    } catch (error) {
      if (isFinal(error) || failures >= MAX_FAILURES_IN_A_ROW) throw error;
      failures += 1;
      onReconnect(error.message);
      await delay(position.retryMs * failures);
    }
  }
}

const isFinal = (error) => (error instanceof ProblemError && error.status < 500) || error.name === 'AbortError';

async function* readOnce(client, path, position) {
  const headers = { accept: 'text/event-stream' };
  if (position.lastEventId !== '') headers['last-event-id'] = position.lastEventId;
  const response = await client.request('GET', path, { headers });
  let event = { type: 'message', data: [] };
  for await (const line of linesOf(response.body)) {
    if (line === '') {
      if (event.data.length > 0) yield { type: event.type, data: event.data.join('\n'), id: position.lastEventId };
      event = { type: 'message', data: [] };
    } else {
      take(line, event, position);
    }
  }
}

function take(line, event, position) {
  const colon = line.indexOf(':');
  const field = colon === -1 ? line : line.slice(0, colon);
  const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (field === 'event') event.type = value;
  else if (field === 'data') event.data.push(value);
  else if (field === 'id' && !value.includes('\0')) position.lastEventId = value;
  else if (field === 'retry' && /^\d{1,5}$/.test(value)) position.retryMs = Number(value);
}

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read());
      if (done) return;
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_CHARACTERS) throw new Error('an event is too long');
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function withinSilence(read) {
  let timer;
  const silence = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing heard for ${SILENCE_MS / 1_000} s`)), SILENCE_MS);
  });
  try {
    return await Promise.race([read, silence]);
  } finally {
    clearTimeout(timer);
  }
}
