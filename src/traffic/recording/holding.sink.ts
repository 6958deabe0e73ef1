import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { ResponseSink } from '../../kernel/exchange.js';
import { MAX_RECORDED_BYTES, writeAnswer, type RecordedAnswer } from './recorded-answer.js';

export interface AnswerKeeper {
  /** The whole answer, before any of it is sent; it goes out when the promise settles, kept or not. */
  complete(answer: RecordedAnswer): void | Promise<void>;
  /** There will be no whole answer to keep: it is too large, or broken off. */
  giveUp(): void;
}

/**
 * Holds an answer back until it is whole and kept: had the client seen its end first, a retry could find the record
 * still running. An answer over `maxBytes` is let through as it comes.
 */
export class HoldingSink implements ResponseSink {
  #head: { status: number; fields: readonly string[] } | undefined;
  #held: Buffer[] | undefined = [];
  #heldBytes = 0;

  constructor(
    private readonly target: ResponseSink,
    private readonly keeper: AnswerKeeper,
    private readonly maxBytes = MAX_RECORDED_BYTES,
  ) {}

  head(status: number, fields: readonly string[]): void {
    this.#head = { status, fields };
  }

  write(chunk: Buffer): boolean {
    if (this.#held === undefined) return this.target.write(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    return this.#heldBytes <= this.maxBytes || this.#letThrough();
  }

  onDrain(resume: () => void): void {
    this.target.onDrain(resume);
  }

  end(): void {
    if (this.#held === undefined || this.#head === undefined) {
      this.target.end();
      return;
    }
    const answer = { ...this.#head, body: Buffer.concat(this.#held, this.#heldBytes) };
    this.#held = undefined;
    const kept = this.keeper.complete(answer);
    if (kept === undefined) writeAnswer(this.target, answer);
    else
      kept.then(
        () => writeAnswer(this.target, answer),
        () => writeAnswer(this.target, answer),
      );
  }

  abort(error: GatewayError): void {
    if (this.#held !== undefined) this.keeper.giveUp();
    this.#held = undefined;
    this.target.abort(error);
  }

  #letThrough(): boolean {
    const chunks = this.#held ?? [];
    this.#held = undefined;
    this.keeper.giveUp();
    if (this.#head !== undefined) this.target.head(this.#head.status, this.#head.fields);
    return chunks.map((chunk) => this.target.write(chunk)).every(Boolean);
  }
}
