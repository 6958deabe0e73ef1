import type { FileType } from './content/content-check.js';

const TYPE_BY_EXTENSION: Readonly<Record<string, FileType>> = {
  fastq: 'fastq',
  fq: 'fastq',
  fasta: 'fasta',
  fa: 'fasta',
  fna: 'fasta',
  bam: 'bam',
  cram: 'cram',
  vcf: 'vcf',
};

/** The type that a file's name claims, compression aside; undefined for a name that claims none. */
export function namedType(fileName: string): FileType | undefined {
  const extension = /\.([a-z0-9]+)(?:\.b?gz)?$/i.exec(fileName)?.[1]?.toLowerCase();
  return extension === undefined ? undefined : TYPE_BY_EXTENSION[extension];
}
