import type { ResponseSink } from '../../kernel/exchange.js';

/** An answer kept whole. Fields are a flat list as in ResponseSink. */
export interface RecordedAnswer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: Buffer;
}

/** An answer that is larger is passed on but not kept. */
export const MAX_RECORDED_BYTES = 1_048_576;

/** The first value of a field in a flat list, or undefined; names compare without case. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < fields.length; index += 2)
    if (fields[index]?.toLowerCase() === name) return fields[index + 1];
  return undefined;
}

/** Writes a kept answer, with fields that only this writing carries. */
export function writeAnswer(sink: ResponseSink, answer: RecordedAnswer, extraFields: readonly string[] = []): void {
  sink.head(answer.status, [...answer.fields, ...extraFields]);
  if (answer.body.length > 0) sink.write(answer.body);
  sink.end();
}
