/**
 * Where an overrepresented sequence may come from: Illumina's published library oligonucleotides, under the names
 * FastQC gives them. Longer matches win, of equal ones the earlier entry.
 */
export interface Contaminant {
  readonly name: string;
  readonly sequence: string;
}

const P7_END = 'ATCTCGTATGCCGTCTTCTGCTTG';
const INDEX_START = 'GATCGGAAGAGCACACGTCTGAACTCCAGTCAC';

/** TruSeq index reads by index number; the numbers left out were never assigned. */
const TRUSEQ_INDEXES: Readonly<Record<number, string>> = {
  1: 'ATCACG',
  2: 'CGATGT',
  3: 'TTAGGC',
  4: 'TGACCA',
  5: 'ACAGTG',
  6: 'GCCAAT',
  7: 'CAGATC',
  8: 'ACTTGA',
  9: 'GATCAG',
  10: 'TAGCTT',
  11: 'GGCTAC',
  12: 'CTTGTA',
  13: 'AGTCAAC',
  14: 'AGTTCCG',
  15: 'ATGTCAG',
  16: 'CCGTCCC',
  18: 'GTCCGCA',
  19: 'GTGAAAC',
  20: 'GTGGCCT',
  21: 'GTTTCGG',
  22: 'CGTACGT',
  23: 'CCACTCT',
  25: 'ACTGATA',
  27: 'ATTCCTT',
};

// Indexes from 13 on are listed with a seventh base, which stands where the P7 end has its first.
const truSeq = Object.entries(TRUSEQ_INDEXES).map(([number, index]) => ({
  name: `TruSeq Adapter, Index ${number}`,
  sequence: INDEX_START + index + (index.length === 7 ? P7_END.slice(1) : P7_END),
}));

export const CONTAMINANTS: readonly Contaminant[] = [
  { name: 'Illumina Single End PCR Primer 1', sequence: 'AATGATACGGCGACCACCGAGATCTACACTCTTTCCCTACACGACGCTCTTCCGATCT' },
  {
    name: 'Illumina Paired End PCR Primer 2',
    sequence: 'CAAGCAGAAGACGGCATACGAGATCGGTCTCGGCATTCCTGCTGAACCGCTCTTCCGATCT',
  },
  { name: 'Illumina Small RNA Adapter 1', sequence: 'GTTCAGAGTTCTACAGTCCGACGATC' },
  { name: 'Illumina Small RNA Adapter 2', sequence: 'TGGAATTCTCGGGTGCCAAGG' },
  { name: 'Illumina Multiplexing PCR Primer 2.01', sequence: 'GTGACTGGAGTTCAGACGTGTGCTCTTCCGATCT' },
  ...truSeq,
];
