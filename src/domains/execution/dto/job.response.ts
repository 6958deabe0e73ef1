import { ApiProperty } from '@nestjs/swagger';
import { JOB_STATUSES } from './job-list.query.js';

/** One step of a job. */
export class JobStep {
  @ApiProperty()
  name: string;

  @ApiProperty()
  status: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completed_at: string | null;

  @ApiProperty({ minimum: 0, maximum: 100 })
  percent: number;
}

/** How far a job has come. */
export class JobProgress {
  @ApiProperty({ minimum: 0, maximum: 100 })
  percent: number;

  @ApiProperty({ type: String, nullable: true })
  step: string | null;

  @ApiProperty({ type: [JobStep] })
  steps: JobStep[];
}

/** A job as the execution service tells it. */
export class JobResponse {
  @ApiProperty({ example: 'job_01j9x3' })
  job_id: string;

  @ApiProperty({ enum: JOB_STATUSES })
  status: string;

  @ApiProperty()
  pipeline_id: string;

  @ApiProperty()
  pipeline_version: string;

  @ApiProperty({ type: String, nullable: true })
  configuration_id: string | null;

  @ApiProperty()
  sample_id: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  inputs: Record<string, string>;

  @ApiProperty({ type: 'object', additionalProperties: true })
  parameters: Record<string, unknown>;

  @ApiProperty({ type: [String] })
  tags: string[];

  @ApiProperty({ type: JobProgress })
  progress: JobProgress;

  @ApiProperty({ type: 'integer' })
  attempt: number;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  error: Record<string, unknown> | null;

  @ApiProperty()
  owner: string;

  @ApiProperty({ example: 'trio-study' })
  project_id: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  started_at: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completed_at: string | null;
}

/** A page of jobs, the newest first. */
export class JobPage {
  @ApiProperty({ type: [JobResponse] })
  items: JobResponse[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}
