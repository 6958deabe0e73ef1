export type ContentFaultCode =
  | 'file_empty'
  | 'gzip_corrupt'
  | 'gzip_truncated'
  | 'fastq_malformed'
  | 'fastq_truncated'
  | 'fastq_length_mismatch'
  | 'unsupported_file_type'
  | 'upload_too_large';

/** What is wrong with a file and where, in a form that crosses threads. Quotes nothing of the file. */
export interface ContentFault {
  readonly code: ContentFaultCode;
  readonly detail: string;
  /** 1-based; null where the fault is not in a FASTQ record. */
  readonly record: number | null;
  readonly line: number | null;
}

export class ContentError extends Error {
  constructor(readonly fault: ContentFault) {
    super(fault.code);
    this.name = 'ContentError';
  }
}

export const contentError = (
  code: ContentFaultCode,
  detail: string,
  record: number | null = null,
  line: number | null = null,
): ContentError => new ContentError({ code, detail, record, line });
