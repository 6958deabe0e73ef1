import { namedType } from './named-type.js';

describe('namedType', () => {
  it.each([
    ['S1_R1.fastq.gz', 'fastq'],
    ['S1.R1.FQ', 'fastq'],
    ['S1.bam', 'bam'],
    ['calls.vcf.bgz', 'vcf'],
    ['ref.fa', 'fasta'],
    ['README', undefined],
    ['S1.fastq.txt', undefined],
    ['fastq', undefined],
  ])('reads %s as %s', (name, type) => {
    expect(namedType(name)).toBe(type);
  });
});
