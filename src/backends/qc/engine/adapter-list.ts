/** The adapter starts that FastQC 0.11.9 looks for, in the order of its columns; twelve bases each. */
export const ADAPTERS: readonly { readonly name: string; readonly sequence: string }[] = [
  { name: 'Illumina Universal Adapter', sequence: 'AGATCGGAAGAG' },
  { name: "Illumina Small RNA 3' Adapter", sequence: 'TGGAATTCTCGG' },
  { name: "Illumina Small RNA 5' Adapter", sequence: 'GATCGTCGGACT' },
  { name: 'Nextera Transposase Sequence', sequence: 'CTGTCTCTTATA' },
  { name: 'SOLID Small RNA Adapter', sequence: 'CGCCTTGGCCGT' },
];

export const ADAPTER_LENGTH = 12;
