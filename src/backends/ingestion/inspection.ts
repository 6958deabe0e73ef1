import type { ContentFault } from './content/content-fault.js';
import type { ContentReport } from './content/inspect-file.js';

/** The reader may be this far behind before the writer waits: it bounds the wait at the end of an upload. */
const MAX_LAG_BYTES = 32 * 1024 * 1024;

export type InspectionOutcome =
  | { readonly kind: 'report'; readonly report: ContentReport }
  | { readonly kind: 'fault'; readonly fault: ContentFault }
  | { readonly kind: 'error'; readonly error: Error };

/** What steers the reader, wherever it runs. */
export interface InspectionControl {
  advance(size: number): void;
  end(): void;
  cancel(): void;
}

/** Starts inspections; its owner closes it. */
export interface Inspector {
  start(path: string): Inspection;
  close(): Promise<void>;
}

/** The check of one file while it is received, as the receiving side sees it. */
export class Inspection {
  private position = 0;
  private size = 0;
  private outcome: InspectionOutcome | undefined;
  private waiting: (() => void)[] = [];

  constructor(private readonly control: InspectionControl) {}

  /** What is already known to be wrong with the file. */
  get fault(): ContentFault | undefined {
    return this.outcome?.kind === 'fault' ? this.outcome.fault : undefined;
  }

  /** True when it ended without an answer, so that a new one must be started. */
  get isLost(): boolean {
    return this.outcome?.kind === 'error';
  }

  /** Tells that the file now has `size` bytes; resolves when the reader is near enough, or has ended. */
  async advance(size: number): Promise<void> {
    this.size = size;
    this.control.advance(size);
    while (this.outcome === undefined && this.size - this.position > MAX_LAG_BYTES) await this.change();
  }

  /** Ends the file and waits for the answer. */
  async finish(size: number): Promise<Exclude<InspectionOutcome, { kind: 'error' }>> {
    this.control.advance(size);
    this.control.end();
    while (this.outcome === undefined) await this.change();
    if (this.outcome.kind === 'error') throw this.outcome.error;
    return this.outcome;
  }

  cancel(): void {
    this.control.cancel();
  }

  /** For the inspector: the reader came this far. */
  progress(position: number): void {
    this.position = position;
    this.tell();
  }

  /** For the inspector: the reader has ended. */
  settle(outcome: InspectionOutcome): void {
    this.outcome ??= outcome;
    this.tell();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  private tell(): void {
    for (const resume of this.waiting.splice(0)) resume();
  }
}
