/** Why a file cannot be read as FASTQ; the same codes ingestion answers with. */
export type FastqFault =
  | 'file_empty'
  | 'gzip_corrupt'
  | 'gzip_truncated'
  | 'fastq_malformed'
  | 'fastq_truncated'
  | 'fastq_length_mismatch'
  | 'read_too_long'
  | 'mates_mismatch';

/** A file that is not the FASTQ it should be. Names the record (1-based, null when unknown), never its content. */
export class FastqError extends Error {
  constructor(
    readonly code: FastqFault,
    readonly record: number | null,
    detail: string,
  ) {
    super(record === null ? detail : `record ${record}: ${detail}`);
    this.name = 'FastqError';
  }
}
