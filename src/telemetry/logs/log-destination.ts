import { destination, type DestinationStream } from 'pino';

// A write costs a turn of the thread pool, whatever its size: few large ones.
const MIN_WRITE_BYTES = 32_768;
const MAX_WRITE_BYTES = 65_536;
/** A line waits no longer than this for company. */
const FLUSH_INTERVAL_MS = 250;
/** When standard output stands still, lines over this are dropped rather than kept. */
const MAX_WAITING_BYTES = 8 * 1_048_576;

export interface LogDestination extends DestinationStream {
  flushSync(): void;
  end(): void;
}

/** Standard output, written in batches off the request's path; pino itself flushes it when the process exits. */
export function standardOutput(): LogDestination {
  const stream = destination({
    dest: 1,
    sync: false,
    minLength: MIN_WRITE_BYTES,
    maxWrite: MAX_WRITE_BYTES,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: FLUSH_INTERVAL_MS,
  });
  // A reader that went away (EPIPE) must not take the gateway with it.
  stream.on('error', () => undefined);
  return stream;
}
