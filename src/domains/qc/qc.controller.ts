import { Body, Controller, Get, Post, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Answered } from '../../kernel/exchange.js';
import { ApiBackendProblems } from '../../kernel/problem-docs.decorator.js';
import { inBody, inPath } from '../../kernel/resources.js';
import { RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { Idempotent } from '../../traffic/idempotency/idempotent.decorator.js';
import { AnalyzeRequest } from './dto/analyze.request.js';
import { QcJobResponse } from './dto/qc-job.response.js';
import { QcProxyService } from './qc-proxy.service.js';

@ApiTags('qc')
@Controller('api/v1/qc')
export class QcController {
  constructor(private readonly qc: QcProxyService) {}

  @Post('analyze')
  @RequiresPermission('qc:run', {
    limit: 'jobs',
    body: 'json',
    resources: [inBody('upload', 'upload_id'), inBody('upload', 'mate_upload_id')],
  })
  @Idempotent()
  @ApiOperation({ summary: 'Analyse the quality of an upload or a pair of uploads' })
  @ApiAcceptedResponse({ type: QcJobResponse })
  @ApiBackendProblems({
    404: ['upload_not_found'],
    409: ['upload_not_ready'],
    422: ['not_fastq', 'mates_mismatch', 'unknown_assay', 'projects_differ'],
  })
  analyze(@Req() request: RouteRequest, @Body() _body: AnalyzeRequest): Promise<Answered> {
    return this.qc.analyze(request.exchange);
  }

  @Get('results/:qc_job_id')
  @RequiresPermission('qc:read', { resources: [inPath('qc-job', 'qc_job_id')] })
  @ApiOperation({ summary: 'Read the state, progress and figures of a QC job' })
  @ApiOkResponse({ type: QcJobResponse })
  @ApiBackendProblems({ 404: ['qc_job_not_found'] })
  results(@Req() request: RouteRequest<'qc_job_id'>): Promise<Answered> {
    return this.qc.results(request.exchange, request.params.qc_job_id);
  }
}
