/** How quality characters encode Phred scores, as far as the lowest character tells. */
export interface QualityEncoding {
  readonly name: string;
  readonly offset: 33 | 64;
}

const FIRST_OF_OFFSET_64 = 64;
/** "K": score 42 in Sanger encoding, the highest that sequencers wrote, but only 11 in Illumina 1.3 to 1.5. */
const HIGHEST_OF_SANGER = 75;

/**
 * FastQC's rule: anything below "@" is Sanger; "A" is Illumina 1.3; from "@" or "B" on it is Illumina 1.5. Departing from
 * it, a file that also stays at or below "K" is Sanger: good reads of today, not hopeless ones of 2010.
 */
export function encodingOf(lowestCharacter: number, highestCharacter: number): QualityEncoding {
  if (lowestCharacter < FIRST_OF_OFFSET_64 || highestCharacter <= HIGHEST_OF_SANGER) {
    return { name: 'Sanger / Illumina 1.9', offset: 33 };
  }
  return { name: lowestCharacter === 65 ? 'Illumina 1.3' : 'Illumina 1.5', offset: 64 };
}
