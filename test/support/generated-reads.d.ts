/** The examples are plain JavaScript, so that they run without a build; these are the types of what tests use of them. */
declare module '*/examples/generated-reads.mjs' {
  export interface GeneratedReadsOptions {
    /** Number of read pairs; 1,500 by default. */
    readonly pairs?: number;
    /** Bases a read; 100 by default. */
    readonly readLength?: number;
    /** Bases of the random genome the reads are drawn from; 20,000 by default. */
    readonly genomeLength?: number;
    /** Equal seeds give equal bytes; 1 by default. */
    readonly seed?: number;
  }

  export interface GeneratedReads {
    /** FASTQ text of the first mates. */
    readonly reads1: string;
    /** FASTQ text of the second mates, in the same order. */
    readonly reads2: string;
    /** The genome as FASTA text. */
    readonly reference: string;
  }

  /** Equal options give equal bytes. */
  export function generateReads(options?: GeneratedReadsOptions): GeneratedReads;
}
