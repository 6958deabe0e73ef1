import { possibleSource } from './contaminant-search.js';

describe('possibleSource', () => {
  // As FastQC 0.11.9 names them.
  it.each([
    ['AGATCGGAAGAGCACACGTCTGAACTCCAGTCACGTGAAAATCTCGTATG', 'TruSeq Adapter, Index 19 (97% over 49bp)'],
    ['AGATCGGACGAGCACACGTCTGAACTCCAGTCACGTGAAAATCTCGTATG', 'TruSeq Adapter, Index 19 (97% over 39bp)'],
    ['AATGATACGGCGACCACCGAGATCTACACTCTTTCCCTACACGACGCTCT', 'Illumina Single End PCR Primer 1 (100% over 50bp)'],
    ['GTTGAACTCATCTGCTTGCTACAAAGCTGTTGAGATATCAACATTAATTA', 'No Hit'],
    // Reverse strand, and a query short enough that it must be held whole.
    ['AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGTAGATCTCGGTGGTCGCC', 'Illumina Single End PCR Primer 1 (100% over 50bp)'],
    ['ACACTCTTTCCC', 'Illumina Single End PCR Primer 1 (100% over 12bp)'],
    ['ACACTCTTTCCA', 'No Hit'],
    ['ACACTCT', 'No Hit'],
  ])('%s comes from %s', (sequence, source) => {
    expect(possibleSource(sequence)).toBe(source);
  });
});
