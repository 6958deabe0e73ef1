import { RandomIdGenerator, type IdGenerator } from '@opentelemetry/sdk-trace-node';

/** `00-<trace id>-<span id>-<flags>`, W3C Trace Context section 3.2. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export function parseTraceparent(text: unknown): TraceParent | undefined {
  const [, traceId, spanId, flags] = (typeof text === 'string' && FORM.exec(text)) || [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & 1) === 1 };
}

/** Gives spans the ids that the backends were already told, while there are any announced; else random ones. */
export class AnnouncedIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #announced: TraceParent | undefined;

  /** Starts a span under these ids. */
  under<Result>(ids: TraceParent | undefined, start: () => Result): Result {
    this.#announced = ids;
    try {
      return start();
    } finally {
      this.#announced = undefined;
    }
  }

  generateTraceId(): string {
    return this.#announced?.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#announced?.spanId ?? this.#random.generateSpanId();
  }
}
