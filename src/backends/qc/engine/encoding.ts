/** How quality characters encode Phred scores, as far as the lowest character tells. */
export interface QualityEncoding {
  readonly name: string;
  readonly offset: 33 | 64;
}

/** FastQC's rule: anything below "@" is Sanger; "A" is Illumina 1.3; from "@" or "B" on it is Illumina 1.5. */
export function encodingOf(lowestCharacter: number): QualityEncoding {
  if (lowestCharacter < 64) return { name: 'Sanger / Illumina 1.9', offset: 33 };
  if (lowestCharacter === 65) return { name: 'Illumina 1.3', offset: 64 };
  return { name: 'Illumina 1.5', offset: 64 };
}
