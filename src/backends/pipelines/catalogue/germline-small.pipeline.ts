import { readFileSync } from 'node:fs';
import type { PipelineDefinition } from '../pipeline.types.js';

const integer = (minimum: number, maximum: number, value: number, description: string) => ({
  type: 'integer',
  minimum,
  maximum,
  default: value,
  description,
});

/** Small-genome germline calling by fastp, bwa, samtools and bcftools, described in CWL beside this file. */
export const germlineSmall: PipelineDefinition = {
  pipeline_id: 'germline-small',
  version: '1.0.0',
  name: 'Small germline calling',
  description:
    'Trims, aligns and calls one sample against a small reference (a panel, a virus, a bacterium): BAM, VCF and reports.',
  engine: 'cwl',
  inputs: [
    { name: 'reads_1', required: true, file_types: ['fastq'], description: 'First mates, FASTQ, plain or gzip.' },
    { name: 'reads_2', required: true, file_types: ['fastq'], description: 'Second mates, in the same order.' },
    { name: 'reference', required: true, file_types: ['fasta'], description: 'Reference sequence, plain or gzip.' },
  ],
  parameters_schema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    properties: {
      ploidy: {
        type: 'integer',
        enum: [1, 2],
        default: 2,
        description: 'Copies of the genome: 1 for viruses and bacteria.',
      },
      threads: integer(1, 16, 2, 'Threads of fastp, bwa and samtools; the result does not depend on it.'),
      quality_cutoff: integer(1, 36, 20, "Mean Phred score below which fastp cuts a window from the 3' end."),
      min_length: integer(1, 1_000, 15, 'Shortest read kept, in bases after trimming.'),
      min_mapping_quality: integer(0, 60, 0, 'Alignments of lower mapping quality are not used for calling.'),
      min_base_quality: integer(0, 60, 1, 'Bases of lower quality (after BAQ) are not used for calling.'),
      max_depth: integer(10, 100_000, 250, 'Most reads per position and file that are used for calling.'),
      min_variant_quality: integer(0, 1_000, 20, 'Calls of lower QUAL are left out.'),
    },
  },
  outputs: [
    {
      name: '{sample_id}.bam',
      media_type: 'application/octet-stream',
      description: 'Sorted alignments, duplicates marked.',
    },
    { name: '{sample_id}.bam.bai', media_type: 'application/octet-stream', description: 'Index of the alignments.' },
    { name: '{sample_id}.vcf.gz', media_type: 'application/gzip', description: 'Normalised variant calls.' },
    { name: '{sample_id}.vcf.gz.tbi', media_type: 'application/octet-stream', description: 'Index of the calls.' },
    { name: '{sample_id}.fastp.json', media_type: 'application/json', description: 'Trimming figures of fastp.' },
    { name: '{sample_id}.fastp.html', media_type: 'text/html', description: 'Trimming report of fastp.' },
    { name: '{sample_id}.flagstat.tsv', media_type: 'text/tab-separated-values', description: 'Alignments by flag.' },
    { name: '{sample_id}.samtools.stats.txt', media_type: 'text/plain', description: 'Statistics of the alignments.' },
    { name: '{sample_id}.coverage.tsv', media_type: 'text/tab-separated-values', description: 'Coverage per contig.' },
    { name: '{sample_id}.bcftools.stats.txt', media_type: 'text/plain', description: 'Statistics of the calls.' },
    { name: '{sample_id}.multiqc.html', media_type: 'text/html', description: 'All reports on one page.' },
  ],
  steps: [
    { name: 'index', weight: 10 },
    { name: 'trim', weight: 15 },
    { name: 'align', weight: 35 },
    { name: 'measure', weight: 10 },
    { name: 'call', weight: 20 },
    { name: 'report', weight: 10 },
  ],
  required_tools: ['cwltool', 'bash', 'gzip', 'fastp', 'bwa', 'samtools', 'bcftools', 'multiqc'],
  cwl: readFileSync(new URL('./germline-small.cwl', import.meta.url), 'utf8'),
};
