import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { generateReads, type GeneratedReads, type GeneratedReadsOptions } from '../../examples/generated-reads.mjs';

export { generateReads, type GeneratedReads, type GeneratedReadsOptions };

/** Paths of a generated sample on disk. */
export interface ReadFiles {
  readonly reads1: string;
  readonly reads2: string;
  readonly reference: string;
}

/** Writes a generated sample as `sample_R1.fastq.gz`, `sample_R2.fastq.gz` and `reference.fa` into `directory`. */
export async function writeReads(directory: string, options?: GeneratedReadsOptions): Promise<ReadFiles> {
  const generated = generateReads(options);
  const files = {
    reads1: join(directory, 'sample_R1.fastq.gz'),
    reads2: join(directory, 'sample_R2.fastq.gz'),
    reference: join(directory, 'reference.fa'),
  };
  await Promise.all([
    writeFile(files.reads1, gzipSync(generated.reads1)),
    writeFile(files.reads2, gzipSync(generated.reads2)),
    writeFile(files.reference, generated.reference),
  ]);
  return files;
}
