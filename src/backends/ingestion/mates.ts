import { firstDifference } from './content/read-names.js';
import { matesMismatch } from './upload.problems.js';
import type { UploadRow } from './upload.tables.js';

type Mate = Pick<UploadRow, 'sampleId' | 'fileName' | 'fileType' | 'readNames'>;

/** `sample_R1_001.fastq.gz`, `sample_2.fq`: stem, mark, number, rest. */
const NUMBERED = /^(.*[._-]R?)([12])((?:_\d{3})?\.(?:fastq|fq)(?:\.gz|\.bgz)?)$/i;

/**
 * Holds two files against being mates: one sample, both FASTQ, file names that differ in the read number only (where
 * they have one), the same read names in the same order. Throws 422 `mates_mismatch`.
 */
export function checkMates(one: Mate, other: Mate): void {
  if (one.sampleId !== other.sampleId) throw matesMismatch('The two files belong to different samples.');
  if (one.readNames === null || other.readNames === null) throw matesMismatch('Only FASTQ files have mates.');
  if (!namesFit(one.fileName, other.fileName))
    throw matesMismatch('The file names are not those of R1 and R2 of one pair.');
  const difference = firstDifference(one.readNames, other.readNames);
  if (difference === null) return;
  const counts = one.readNames.count === other.readNames.count ? '' : ' The files have different numbers of reads.';
  const place = difference.isExact ? 'at' : 'at or after';
  throw matesMismatch(
    `The read names of the two files part ${place} record ${difference.record}.${counts}`,
    difference.record,
  );
}

function namesFit(one: string, other: string): boolean {
  const first = NUMBERED.exec(one);
  const second = NUMBERED.exec(other);
  if (first === null || second === null) return true;
  return first[1] === second[1] && first[2] !== second[2] && first[3] === second[3];
}
