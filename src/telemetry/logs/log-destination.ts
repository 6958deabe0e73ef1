import { destination, type DestinationStream } from 'pino';

/** Lines are handed on in pieces of this many characters: each hand-over costs, whatever its size. */
const PIECE_CHARACTERS = 65_536;
/** A line waits no longer than this for company. */
const FLUSH_INTERVAL_MS = 250;
const MAX_WRITE_BYTES = 65_536;
/** When standard output stands still, lines over this are dropped rather than kept. */
const MAX_WAITING_BYTES = 8 * 1_048_576;

export interface LogDestination extends DestinationStream {
  flushSync(): void;
  end(): void;
}

/** Standard output, written in pieces off the request's path. */
export function standardOutput(): LogDestination {
  const stream = destination({ dest: 1, sync: false, maxWrite: MAX_WRITE_BYTES, maxLength: MAX_WAITING_BYTES });
  // A reader that went away (EPIPE) must not take the gateway with it.
  stream.on('error', () => undefined);
  return new Pieces(stream);
}

/** pino's destination measures all that waits with every line it is given; few large gifts keep that off each request. */
class Pieces implements LogDestination {
  #waiting = '';
  readonly #timer: NodeJS.Timeout;
  readonly #onExit = (): void => {
    this.flushSync();
  };

  constructor(private readonly stream: LogDestination) {
    this.#timer = setInterval(() => {
      this.#handOn();
    }, FLUSH_INTERVAL_MS).unref();
    process.once('exit', this.#onExit);
  }

  write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= PIECE_CHARACTERS) this.#handOn();
  }

  flushSync(): void {
    this.#handOn();
    try {
      this.stream.flushSync();
    } catch {
      // Its file is not open yet or its reader is gone; neither may stop an exit.
    }
  }

  end(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#onExit);
    this.#handOn();
    this.stream.end();
  }

  #handOn(): void {
    if (this.#waiting === '') return;
    const piece = this.#waiting;
    this.#waiting = '';
    this.stream.write(piece);
  }
}
