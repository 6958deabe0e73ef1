import { contentError } from './content-fault.js';
import { FastqCheck } from './fastq-check.js';
import { GunzipStage } from './gunzip.js';
import type { ReadNames } from './read-names.js';

export type FileType = 'fastq' | 'fasta' | 'bam' | 'cram' | 'vcf';
export type Compression = 'gzip' | 'none';

export interface ContentFindings {
  readonly fileType: FileType;
  readonly compression: Compression;
  /** FASTQ only. */
  readonly names: ReadNames | null;
}

const SIGNATURE_BYTES = 16;

/** How each format begins: SAM/BAM and CRAM specifications, VCF 4.x line 1, FASTA and FASTQ by custom. */
const SIGNATURES: readonly (readonly [string, FileType])[] = [
  ['BAM\u0001', 'bam'],
  ['CRAM', 'cram'],
  ['##fileformat=VCF', 'vcf'],
  ['@', 'fastq'],
  ['>', 'fasta'],
];

/** The empty BGZF block that ends every BAM file (SAM specification, 4.1.2). */
const BGZF_END = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');

/**
 * Recognises a file by its content and checks it while it streams: gzip wholly, FASTQ record by record, the other
 * formats by how they begin and, for BAM, end. Throws ContentError.
 */
export class ContentCheck {
  private head = Buffer.alloc(0);
  private tail = Buffer.alloc(0);
  private gunzip: GunzipStage | undefined;
  private plainHead: Buffer | undefined = Buffer.alloc(0);
  private fastq: FastqCheck | undefined;
  private type: FileType | undefined;
  private begun = false;

  /** `chunk` may be reused once the promise resolves. */
  async push(chunk: Buffer): Promise<void> {
    this.keepTail(chunk);
    if (this.begun) return this.forward(chunk);
    this.head = Buffer.concat([this.head, chunk]);
    return this.head.length < 2 ? undefined : this.begin();
  }

  async end(): Promise<ContentFindings> {
    if (this.head.length === 0 && !this.begun) throw contentError('file_empty', 'The file is empty.');
    if (!this.begun) await this.begin();
    await this.gunzip?.end();
    if (this.plainHead !== undefined) this.recognise(this.plainHead);
    if (this.type === undefined) throw contentError('file_empty', 'The file is empty.');
    const names = this.fastq?.end() ?? null;
    if (this.type === 'bam' && !this.tail.equals(BGZF_END)) {
      throw contentError('gzip_truncated', 'The BAM file lacks its end-of-file block.');
    }
    return { fileType: this.type, compression: this.gunzip === undefined ? 'none' : 'gzip', names };
  }

  close(): void {
    this.gunzip?.close();
  }

  private async begin(): Promise<void> {
    this.begun = true;
    const isGzip = this.head[0] === 0x1f && this.head[1] === 0x8b;
    if (isGzip) {
      this.gunzip = new GunzipStage((plain) => {
        this.takePlain(plain);
      });
    }
    const { head } = this;
    this.head = Buffer.alloc(0);
    await this.forward(head);
  }

  private async forward(chunk: Buffer): Promise<void> {
    if (this.gunzip === undefined) this.takePlain(chunk);
    else await this.gunzip.push(chunk);
  }

  private takePlain(plain: Buffer): void {
    if (this.plainHead === undefined) {
      this.fastq?.push(plain);
      return;
    }
    this.plainHead = Buffer.concat([this.plainHead, plain]);
    if (this.plainHead.length >= SIGNATURE_BYTES) this.recognise(this.plainHead);
  }

  private recognise(plain: Buffer): void {
    this.plainHead = undefined;
    if (plain.length === 0) return;
    const match = SIGNATURES.find(([signature]) =>
      plain.subarray(0, signature.length).equals(Buffer.from(signature, 'latin1')),
    );
    if (match === undefined) {
      throw contentError('unsupported_file_type', 'The content is none of FASTQ, FASTA, BAM, CRAM and VCF.');
    }
    this.type = match[1];
    if (this.type !== 'fastq') return;
    this.fastq = new FastqCheck();
    this.fastq.push(plain);
  }

  private keepTail(chunk: Buffer): void {
    const recent = chunk.length >= BGZF_END.length ? chunk : Buffer.concat([this.tail, chunk]);
    this.tail = Buffer.from(recent.subarray(-BGZF_END.length));
  }
}
