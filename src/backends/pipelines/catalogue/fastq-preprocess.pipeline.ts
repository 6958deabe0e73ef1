import type { PipelineDefinition } from '../pipeline.types.js';

const adapter = (mate: 1 | 2) => ({
  type: 'string',
  pattern: '^[ACGT]{8,128}$',
  description: `3' adapter of read ${mate}. Absent: found where the mates overlap by more than their insert.`,
});

/** Adapter and quality trimming with figures before and after; runs wherever the execution service runs. */
export const fastqPreprocess: PipelineDefinition = {
  pipeline_id: 'fastq-preprocess',
  version: '1.0.0',
  name: 'FASTQ preprocessing',
  description: 'Trims adapters and low-quality ends of a read pair and reports its quality before and after.',
  engine: 'native',
  inputs: [
    { name: 'reads_1', required: true, file_types: ['fastq'], description: 'First mates, FASTQ, plain or gzip.' },
    { name: 'reads_2', required: true, file_types: ['fastq'], description: 'Second mates, in the same order.' },
  ],
  parameters_schema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    properties: {
      adapter_1: adapter(1),
      adapter_2: adapter(2),
      quality_cutoff: {
        type: 'integer',
        minimum: 0,
        maximum: 40,
        default: 20,
        description: "Mean Phred score below which a window of four bases is cut from the 3' end; 0 cuts nothing.",
      },
      min_length: {
        type: 'integer',
        minimum: 1,
        maximum: 10_000,
        default: 30,
        description: 'Shortest read kept, in bases after trimming; a pair falls with its shorter mate.',
      },
      max_n_bases: {
        type: 'integer',
        minimum: 0,
        maximum: 10_000,
        default: 5,
        description: 'Most N bases a kept read may hold.',
      },
    },
  },
  outputs: [
    { name: '{sample_id}_R1.trimmed.fastq.gz', media_type: 'application/gzip', description: 'Trimmed first mates.' },
    { name: '{sample_id}_R2.trimmed.fastq.gz', media_type: 'application/gzip', description: 'Trimmed second mates.' },
    {
      name: '{sample_id}.preprocess.json',
      media_type: 'application/json',
      description: 'Figures before and after, filtering and adapters.',
    },
    { name: '{sample_id}.preprocess.html', media_type: 'text/html', description: 'The same figures for reading.' },
  ],
  steps: [
    { name: 'preprocess', weight: 95 },
    { name: 'report', weight: 5 },
  ],
  required_tools: [],
  cwl: null,
};
