import { Body, Controller, Get, Post, Query, Req } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Answered } from '../../kernel/exchange.js';
import { ApiBackendProblems } from '../../kernel/problem-docs.decorator.js';
import { inBody, inPath } from '../../kernel/resources.js';
import { RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { Idempotent } from '../../traffic/idempotency/idempotent.decorator.js';
import { JobListQuery } from './dto/job-list.query.js';
import { JobRequest } from './dto/job.request.js';
import { JobPage, JobResponse } from './dto/job.response.js';
import { ExecutionProxyService } from './execution-proxy.service.js';

const JOB = inPath('job', 'job_id');

@ApiTags('execution')
@Controller('api/v1/execution/jobs')
export class ExecutionController {
  constructor(private readonly execution: ExecutionProxyService) {}

  @Post()
  @RequiresPermission('execution:submit', {
    limit: 'jobs',
    body: 'json',
    resources: [inBody('upload', 'inputs.*')],
  })
  @Idempotent()
  @ApiOperation({ summary: 'Submit a job' })
  @ApiCreatedResponse({ type: JobResponse })
  @ApiBackendProblems({
    404: ['pipeline_not_found', 'configuration_not_found', 'upload_not_found'],
    409: ['pipeline_not_runnable', 'input_not_ready'],
    422: ['input_missing', 'parameters_invalid', 'mates_mismatch', 'projects_differ', 'project_required'],
  })
  submit(@Req() request: RouteRequest, @Body() _body: JobRequest): Promise<Answered> {
    return this.execution.submit(request.exchange);
  }

  @Get()
  @RequiresPermission('execution:read')
  @ApiOperation({ summary: 'List jobs, the newest first' })
  @ApiOkResponse({ type: JobPage })
  list(@Req() request: RouteRequest, @Query() _query: JobListQuery): Promise<Answered> {
    return this.execution.list(request.exchange);
  }

  @Get(':job_id')
  @RequiresPermission('execution:read', { resources: [JOB] })
  @ApiOperation({ summary: 'Read the state and progress of a job' })
  @ApiOkResponse({ type: JobResponse })
  @ApiBackendProblems({ 404: ['job_not_found'] })
  get(@Req() request: RouteRequest<'job_id'>): Promise<Answered> {
    return this.execution.get(request.exchange, request.params.job_id);
  }

  @Post(':job_id/cancel')
  @RequiresPermission('execution:submit', { resources: [JOB] })
  @Idempotent()
  @ApiOperation({ summary: 'Cancel a job' })
  @ApiAcceptedResponse({ type: JobResponse })
  @ApiBackendProblems({ 404: ['job_not_found'], 409: ['job_finished'] })
  cancel(@Req() request: RouteRequest<'job_id'>): Promise<Answered> {
    return this.execution.cancel(request.exchange, request.params.job_id);
  }

  @Get(':job_id/logs')
  @RequiresPermission('execution:read', { resources: [JOB] })
  @ApiOperation({ summary: 'Read the log of a job' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'The log so far.', schema: { type: 'string' } })
  @ApiBackendProblems({ 404: ['job_not_found'] })
  logs(@Req() request: RouteRequest<'job_id'>): Promise<Answered> {
    return this.execution.logs(request.exchange, request.params.job_id);
  }

  @Get(':job_id/events')
  @RequiresPermission('execution:read', { resources: [JOB] })
  @ApiOperation({ summary: 'Follow a job live (server-sent events: status, step, progress, end)' })
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'Resumes after the event of this id.' })
  @ApiOkResponse({ description: 'An event stream (WHATWG HTML section 9.2).', schema: { type: 'string' } })
  @ApiBackendProblems({ 404: ['job_not_found'] })
  events(@Req() request: RouteRequest<'job_id'>): Promise<Answered> {
    return this.execution.events(request.exchange, request.params.job_id);
  }
}
