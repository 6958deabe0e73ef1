import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { Exchanged } from '../../kernel/exchanged.decorator.js';
import { ApiBackendProblems } from '../../kernel/problem-docs.decorator.js';
import { RequiresPermission } from '../../kernel/route.js';
import { Idempotent } from '../../traffic/idempotency/idempotent.decorator.js';
import { JobListQuery } from './dto/job-list.query.js';
import { JobRequest } from './dto/job.request.js';
import { JobPage, JobResponse } from './dto/job.response.js';
import { ExecutionProxyService } from './execution-proxy.service.js';

@ApiTags('execution')
@Controller('api/v1/execution/jobs')
export class ExecutionController {
  constructor(private readonly execution: ExecutionProxyService) {}

  @Post()
  @RequiresPermission('execution:submit', { body: 'json' })
  @Idempotent()
  @ApiOperation({ summary: 'Submit a job' })
  @ApiCreatedResponse({ type: JobResponse })
  @ApiBackendProblems({
    404: ['pipeline_not_found', 'configuration_not_found', 'upload_not_found'],
    409: ['pipeline_not_runnable', 'input_not_ready'],
    422: ['input_missing', 'parameters_invalid', 'mates_mismatch'],
  })
  submit(@Exchanged() exchange: Exchange, @Body() _body: JobRequest): Promise<Answered> {
    return this.execution.submit(exchange);
  }

  @Get()
  @RequiresPermission('execution:read')
  @ApiOperation({ summary: 'List jobs, the newest first' })
  @ApiOkResponse({ type: JobPage })
  list(@Exchanged() exchange: Exchange, @Query() _query: JobListQuery): Promise<Answered> {
    return this.execution.list(exchange);
  }

  @Get(':job_id')
  @RequiresPermission('execution:read')
  @ApiOperation({ summary: 'Read the state and progress of a job' })
  @ApiOkResponse({ type: JobResponse })
  @ApiBackendProblems({ 404: ['job_not_found'] })
  get(@Exchanged() exchange: Exchange, @Param('job_id') jobId: string): Promise<Answered> {
    return this.execution.get(exchange, jobId);
  }

  @Post(':job_id/cancel')
  @RequiresPermission('execution:submit')
  @Idempotent()
  @ApiOperation({ summary: 'Cancel a job' })
  @ApiAcceptedResponse({ type: JobResponse })
  @ApiBackendProblems({ 404: ['job_not_found'], 409: ['job_finished'] })
  cancel(@Exchanged() exchange: Exchange, @Param('job_id') jobId: string): Promise<Answered> {
    return this.execution.cancel(exchange, jobId);
  }

  @Get(':job_id/logs')
  @RequiresPermission('execution:read')
  @ApiOperation({ summary: 'Read the log of a job' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'The log so far.', schema: { type: 'string' } })
  @ApiBackendProblems({ 404: ['job_not_found'] })
  logs(@Exchanged() exchange: Exchange, @Param('job_id') jobId: string): Promise<Answered> {
    return this.execution.logs(exchange, jobId);
  }

  @Get(':job_id/events')
  @RequiresPermission('execution:read')
  @ApiOperation({ summary: 'Follow a job live (server-sent events: status, step, progress, end)' })
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Resumes after the event of this id.' })
  @ApiOkResponse({ description: 'An event stream (WHATWG HTML section 9.2).', schema: { type: 'string' } })
  @ApiBackendProblems({ 404: ['job_not_found'] })
  events(@Exchanged() exchange: Exchange, @Param('job_id') jobId: string): Promise<Answered> {
    return this.execution.events(exchange, jobId);
  }
}
