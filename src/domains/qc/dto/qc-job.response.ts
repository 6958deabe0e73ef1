import { ApiProperty } from '@nestjs/swagger';

/** How far an analysis has come. */
export class QcProgress {
  @ApiProperty({ type: 'integer', format: 'int64' })
  processed_bytes: number;

  @ApiProperty({ type: 'integer', format: 'int64' })
  total_bytes: number;

  @ApiProperty({ minimum: 0, maximum: 100 })
  percent: number;
}

/** One of FastQC's modules: what was observed, and where warn and fail begin. */
export class QcModule {
  @ApiProperty({ example: 'Per base sequence quality' })
  name: string;

  @ApiProperty({ enum: ['pass', 'warn', 'fail'] })
  verdict: string;

  @ApiProperty({ type: Number, nullable: true })
  observed: number | null;

  @ApiProperty({ type: Number, nullable: true })
  warn_at: number | null;

  @ApiProperty({ type: Number, nullable: true })
  fail_at: number | null;

  @ApiProperty({ type: String, nullable: true })
  unit: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'The table behind the verdict.' })
  data: unknown;
}

/** The figures of one file of reads. */
export class QcFile {
  @ApiProperty()
  upload_id: string;

  @ApiProperty()
  file_name: string;

  @ApiProperty({ enum: ['pass', 'warn', 'fail'] })
  verdict: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { total_sequences: 1499, q30_rate: 0.904 } })
  summary: Record<string, unknown>;

  @ApiProperty({ type: [QcModule] })
  modules: QcModule[];
}

/** A QC job as the QC service tells it; figures are there once it has completed. */
export class QcJobResponse {
  @ApiProperty({ example: 'qc_01j9x3' })
  qc_job_id: string;

  @ApiProperty({ enum: ['queued', 'running', 'completed', 'failed'] })
  status: string;

  @ApiProperty()
  sample_id: string;

  @ApiProperty()
  owner: string;

  @ApiProperty({ example: 'trio-study' })
  project_id: string;

  @ApiProperty()
  assay: string;

  @ApiProperty({ type: QcProgress })
  progress: QcProgress;

  @ApiProperty({ enum: ['pass', 'warn', 'fail'], nullable: true })
  verdict: string | null;

  @ApiProperty({ type: [QcFile] })
  files: QcFile[];

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'Figures of both mates together.',
  })
  pair: Record<string, unknown> | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  error: Record<string, unknown> | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completed_at: string | null;
}
