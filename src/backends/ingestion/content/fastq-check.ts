import { contentError, type ContentError, type ContentFaultCode } from './content-fault.js';
import { ReadNameDigest, type ReadNames } from './read-names.js';

const NEWLINE = 10;
const RETURN = 13;
const AT = 64;
const PLUS = 43;
const MIN_QUALITY = 33;
const MAX_QUALITY = 126;
/** Longer than any read an instrument has made; what keeps one endless line from passing for a read. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** 1 for the IUPAC nucleotide codes in either case and the dot of old base callers. */
const BASES = new Uint8Array(256);
for (const letter of 'ACGTUNRYSWKMBDHVacgtunryswkmbdhv.') BASES[letter.charCodeAt(0)] = 1;

type LineKind = 0 | 1 | 2 | 3;
const HEADER = 0;
const SEQUENCE = 1;
const SEPARATOR = 2;

/**
 * Checks four-line FASTQ (Cock et al. 2010, Sanger offset) as it streams, holding no line: "@" and a name, IUPAC bases,
 * "+", qualities "!" to "~", as many qualities as bases. LF or CRLF; blank lines only at the end of the file; the last
 * line may lack its break. Throws ContentError with the record's and the line's number, both from 1.
 */
export class FastqCheck {
  private readonly digest = new ReadNameDigest();
  private kind: LineKind = HEADER;
  private records = 0;
  private line = 1;
  /** Bytes of the current line so far, without a held carriage return. */
  private filled = 0;
  private bases = 0;
  private heldReturn = false;
  private blank = false;

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const lineBreak = chunk.indexOf(NEWLINE, at);
      const end = lineBreak < 0 ? chunk.length : lineBreak;
      if (end > at) this.take(chunk, at, end);
      if (lineBreak < 0) return;
      this.endLine();
      at = lineBreak + 1;
    }
  }

  /** Ends the file. */
  end(): ReadNames {
    if (this.heldReturn || this.filled > 0 || this.kind === SEQUENCE) this.endLastLine();
    if (this.kind !== HEADER) throw this.fault('fastq_truncated', 'The file ends within a record.');
    if (this.records === 0) throw contentError('file_empty', 'The file holds no reads.');
    return this.digest.names();
  }

  private endLastLine(): void {
    const isLastQuality = this.kind === 3 && this.filled >= this.bases;
    if (!isLastQuality) throw this.fault('fastq_truncated', 'The file ends within a record.');
    this.endLine();
  }

  private take(chunk: Buffer, start: number, lineEnd: number): void {
    if (this.heldReturn) throw this.fault('fastq_malformed', 'A carriage return stands within a line.');
    let end = lineEnd;
    if (chunk[end - 1] === RETURN) {
      this.heldReturn = true;
      end -= 1;
    }
    if (end === start) return;
    if (this.blank) throw this.fault('fastq_malformed', 'A blank line stands between records.', this.line - 1);
    if (this.kind === HEADER) this.takeHeader(chunk, start, end);
    else if (this.kind === SEQUENCE) this.takeBases(chunk, start, end);
    else if (this.kind === SEPARATOR) this.takeSeparator(chunk, start);
    else this.takeQualities(chunk, start, end);
    this.filled += end - start;
    if (this.filled > MAX_LINE_BYTES) throw this.fault('fastq_malformed', 'A line is longer than 64 MiB.');
  }

  private takeHeader(chunk: Buffer, start: number, end: number): void {
    let from = start;
    if (this.filled === 0) {
      if (chunk[start] !== AT) throw this.fault('fastq_malformed', 'The header does not start with "@".');
      this.digest.begin();
      from += 1;
    }
    this.digest.push(chunk, from, end);
  }

  private takeBases(chunk: Buffer, start: number, end: number): void {
    let known = 1;
    for (let at = start; at < end; at += 1) known &= BASES[chunk[at] as number] as number;
    if (known === 0) throw this.fault('fastq_malformed', 'The sequence has a character that is no nucleotide code.');
  }

  private takeSeparator(chunk: Buffer, start: number): void {
    if (this.filled === 0 && chunk[start] !== PLUS) {
      throw this.fault('fastq_malformed', 'The third line does not start with "+".');
    }
  }

  private takeQualities(chunk: Buffer, start: number, end: number): void {
    // Both bounds in one sign bit: no branch per byte.
    let outside = 0;
    for (let at = start; at < end; at += 1) {
      const byte = chunk[at] as number;
      outside |= (byte - MIN_QUALITY) | (MAX_QUALITY - byte);
    }
    if (outside < 0) throw this.fault('fastq_malformed', 'The qualities have a character outside "!" to "~".');
  }

  private endLine(): void {
    switch (this.kind) {
      case 0:
        this.endHeader();
        break;
      case 1:
        this.bases = this.filled;
        this.kind = 2;
        break;
      case 2:
        if (this.filled === 0) throw this.fault('fastq_malformed', 'The third line does not start with "+".');
        this.kind = 3;
        break;
      case 3:
        this.endRecord();
        break;
    }
    this.line += 1;
    this.filled = 0;
    this.heldReturn = false;
  }

  private endHeader(): void {
    if (this.filled === 0) {
      this.blank = true;
      return;
    }
    if (!this.digest.finish()) throw this.fault('fastq_malformed', 'The read has no name.');
    this.kind = SEQUENCE;
  }

  private endRecord(): void {
    if (this.filled !== this.bases) {
      throw this.fault('fastq_length_mismatch', `The read has ${this.bases} bases but ${this.filled} qualities.`);
    }
    this.records += 1;
    this.kind = HEADER;
  }

  private fault(code: ContentFaultCode, detail: string, line = this.line): ContentError {
    return contentError(code, detail, this.records + 1, line);
  }
}
