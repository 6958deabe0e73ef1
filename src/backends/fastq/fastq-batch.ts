import type { RecordSpan } from './fastq-scanner.js';

const FIELDS = 5;

/** Complete records copied out of a scanner, so that two files can be walked side by side at their own pace. */
export class FastqBatch {
  data: Buffer = Buffer.allocUnsafe(1 << 20);
  private spans = new Int32Array(1 << 14);
  private used = 0;
  count = 0;

  clear(): void {
    this.used = 0;
    this.count = 0;
  }

  add(buffer: Buffer, span: RecordSpan): void {
    const length = span.sequenceEnd - span.sequenceStart;
    const end = span.qualityStart + length;
    this.ensure(end - span.headerStart);
    buffer.copy(this.data, this.used, span.headerStart, end);
    const shift = this.used - span.headerStart;
    const at = this.count * FIELDS;
    this.spans[at] = this.used;
    this.spans[at + 1] = span.headerEnd + shift;
    this.spans[at + 2] = span.sequenceStart + shift;
    this.spans[at + 3] = length;
    this.spans[at + 4] = span.qualityStart + shift;
    this.used += end - span.headerStart;
    this.count += 1;
  }

  /** Points `read` at record `index` of this batch. */
  select(index: number, read: Read): void {
    const at = index * FIELDS;
    read.data = this.data;
    read.headerStart = this.spans[at] as number;
    read.headerEnd = this.spans[at + 1] as number;
    read.sequence = this.spans[at + 2] as number;
    read.length = this.spans[at + 3] as number;
    read.quality = this.spans[at + 4] as number;
  }

  private ensure(bytes: number): void {
    if (this.used + bytes > this.data.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.data.length * 2, this.used + bytes));
      this.data.copy(larger, 0, 0, this.used);
      this.data = larger;
    }
    if ((this.count + 1) * FIELDS > this.spans.length) {
      const more = new Int32Array(this.spans.length * 2);
      more.set(this.spans);
      this.spans = more;
    }
  }
}

/** One read within a batch: offsets into `data`; `length` counts bases and shrinks as the 3' end is trimmed. */
export class Read {
  data: Buffer = Buffer.alloc(0);
  headerStart = 0;
  headerEnd = 0;
  sequence = 0;
  quality = 0;
  length = 0;
}
