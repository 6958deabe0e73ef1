import type { ApiHeaderOptions } from '@nestjs/swagger';
import type { BackendProblems } from '../../kernel/problem-docs.decorator.js';

/** What the ingestion service may find wrong with a file. */
export const CONTENT_PROBLEMS: BackendProblems = {
  413: ['upload_too_large'],
  415: ['unsupported_file_type'],
  422: [
    'file_empty',
    'gzip_corrupt',
    'gzip_truncated',
    'fastq_truncated',
    'fastq_malformed',
    'fastq_length_mismatch',
    'mates_mismatch',
    'file_type_mismatch',
    'checksum_mismatch',
    'size_mismatch',
  ],
};

export const TUS_VERSION: ApiHeaderOptions = {
  name: 'Tus-Resumable',
  required: true,
  schema: { type: 'string', enum: ['1.0.0'] },
};
