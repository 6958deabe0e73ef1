import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../../../kernel/page.query.js';

export const JOB_STATUSES = [
  'queued',
  'starting',
  'running',
  'completed',
  'failed',
  'cancelling',
  'cancelled',
] as const;

/** Query of `GET /api/v1/execution/jobs`. */
export class JobListQuery extends PageQuery {
  @ApiPropertyOptional({ enum: JOB_STATUSES })
  @IsOptional()
  @IsIn(JOB_STATUSES)
  status?: (typeof JOB_STATUSES)[number];
}
