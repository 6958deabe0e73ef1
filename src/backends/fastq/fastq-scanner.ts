import { FastqError } from './fastq-error.js';

/** Longest read accepted, in bases: above the longest HiFi reads, and what bounds every per-position counter. */
export const MAX_READ_LENGTH = 32_768;
const MAX_HEADER_BYTES = 16_384;
const MAX_RECORD_BYTES = 2 * MAX_READ_LENGTH + 2 * MAX_HEADER_BYTES;
const NEWLINE = 10;
const RETURN = 13;
const AT = 64;
const PLUS = 43;

/** Where one record lies in the scanner's buffer; ends are exclusive and without the line break. */
export interface RecordSpan {
  headerStart: number;
  headerEnd: number;
  sequenceStart: number;
  sequenceEnd: number;
  qualityStart: number;
}

/** Receives each record in place; the buffer and the span are reused and must not be kept. */
export type RecordSink = (buffer: Buffer, span: RecordSpan) => void;

/**
 * Cuts a stream of bytes into four-line FASTQ records without making strings. Line breaks may be LF or CRLF, blank
 * lines between records are skipped, the last line may lack its break. Sequence and quality are of equal length in
 * every record handed on. Throws {@link FastqError}; after a throw the scanner must not be used again.
 */
export class FastqScanner {
  private buffer = Buffer.allocUnsafe(4 * MAX_RECORD_BYTES);
  private filled = 0;
  private records = 0;
  /** The bytes left over at the end of the input are looked at as if a line break followed. */
  private ending = false;
  private readonly span: RecordSpan = {
    headerStart: 0,
    headerEnd: 0,
    sequenceStart: 0,
    sequenceEnd: 0,
    qualityStart: 0,
  };

  constructor(private readonly sink: RecordSink) {}

  /** Records handed on so far. */
  get count(): number {
    return this.records;
  }

  push(chunk: Uint8Array): void {
    let taken = 0;
    while (taken < chunk.length) {
      const room = Math.min(this.buffer.length - this.filled, chunk.length - taken);
      this.buffer.set(chunk.subarray(taken, taken + room), this.filled);
      taken += room;
      this.filled += room;
      this.keepFrom(this.scan(this.buffer.subarray(0, this.filled)));
    }
  }

  /** Ends the input: hands on a last record without a line break and refuses a broken one. */
  end(): void {
    if (this.filled > 0) {
      this.ending = true;
      this.push(Buffer.of(NEWLINE));
      if (this.filled > 0) throw this.truncated();
    }
    if (this.records === 0) throw new FastqError('file_empty', null, 'the file holds no records');
  }

  private keepFrom(used: number): void {
    if (used > 0) this.buffer.copyWithin(0, used, this.filled);
    this.filled -= used;
    if (this.filled > MAX_RECORD_BYTES)
      throw this.fault('read_too_long', `a record is longer than ${MAX_RECORD_BYTES} bytes`);
  }

  /** Returns the offset behind the last complete record. */
  private scan(live: Buffer): number {
    let at = 0;
    while (at < live.length) {
      if (live[at] === NEWLINE || live[at] === RETURN) {
        at += 1;
        continue;
      }
      const next = this.scanRecord(live, at);
      if (next < 0) break;
      at = next;
    }
    return at;
  }

  private scanRecord(live: Buffer, start: number): number {
    if (live[start] !== AT) throw this.fault('fastq_malformed', 'the header does not start with "@"');
    const headerBreak = live.indexOf(NEWLINE, start);
    if (headerBreak < 0) return -1;
    const sequenceBreak = live.indexOf(NEWLINE, headerBreak + 1);
    if (sequenceBreak < 0 || sequenceBreak + 1 >= live.length) return -1;
    if (live[sequenceBreak + 1] !== PLUS) throw this.thirdLineFault(sequenceBreak + 2 === live.length);
    const plusBreak =
      live[sequenceBreak + 2] === NEWLINE ? sequenceBreak + 2 : live.indexOf(NEWLINE, sequenceBreak + 2);
    if (plusBreak < 0) return -1;
    const qualityBreak = live.indexOf(NEWLINE, plusBreak + 1);
    if (qualityBreak < 0) return -1;
    const { span } = this;
    span.headerStart = start;
    span.headerEnd = lineEnd(live, headerBreak);
    span.sequenceStart = headerBreak + 1;
    span.sequenceEnd = Math.max(span.sequenceStart, lineEnd(live, sequenceBreak));
    span.qualityStart = plusBreak + 1;
    this.check(Math.max(span.qualityStart, lineEnd(live, qualityBreak)) - span.qualityStart);
    this.records += 1;
    this.sink(live, span);
    return qualityBreak + 1;
  }

  private check(qualityLength: number): void {
    const length = this.span.sequenceEnd - this.span.sequenceStart;
    if (this.ending && qualityLength < length) throw this.truncated();
    if (length !== qualityLength) {
      throw this.fault('fastq_length_mismatch', `${length} bases but ${qualityLength} quality characters`);
    }
    if (length > MAX_READ_LENGTH) throw this.fault('read_too_long', `the read is longer than ${MAX_READ_LENGTH} bases`);
  }

  private thirdLineFault(isLastByte: boolean): FastqError {
    if (this.ending && isLastByte) return this.truncated();
    return this.fault('fastq_malformed', 'the third line does not start with "+"');
  }

  private truncated(): FastqError {
    return this.fault('fastq_truncated', 'the file ends within a record');
  }

  private fault(code: FastqError['code'], detail: string): FastqError {
    return new FastqError(code, this.records + 1, detail);
  }
}

function lineEnd(live: Buffer, lineBreak: number): number {
  return live[lineBreak - 1] === RETURN ? lineBreak - 1 : lineBreak;
}
