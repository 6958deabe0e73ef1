import { Body, Controller, Get, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Answered } from '../../kernel/exchange.js';
import { ApiBackendProblems } from '../../kernel/problem-docs.decorator.js';
import { inPath } from '../../kernel/resources.js';
import { PublicAccess, RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { Idempotent } from '../../traffic/idempotency/idempotent.decorator.js';
import { DownloadLinksRequest } from './dto/download-links.request.js';
import { DownloadLinksResponse, ResultsResponse } from './dto/results.response.js';
import { ResultsProxyService } from './results-proxy.service.js';

const RESULTS = inPath('results', 'job_id');

@ApiTags('results')
@Controller('api/v1/results')
export class ResultsController {
  constructor(private readonly results: ResultsProxyService) {}

  @Get('download/:token')
  @PublicAccess('the signed, expiring token in the path is the right to this one file')
  @ApiOperation({ summary: 'Download one file by its signed link' })
  @ApiProduces('application/octet-stream')
  @ApiHeader({ name: 'Range', required: false, example: 'bytes=0-1023' })
  @ApiOkResponse({ description: 'The file.', schema: { type: 'string', format: 'binary' } })
  @ApiBackendProblems({ 403: ['link_invalid'], 404: ['file_not_found'], 410: ['link_expired'] })
  download(@Req() request: RouteRequest<'token'>): Promise<Answered> {
    return this.results.download(request.exchange, request.params.token);
  }

  @Get(':job_id')
  @RequiresPermission('results:read', { resources: [RESULTS] })
  @ApiOperation({ summary: 'List the output files of a completed job' })
  @ApiOkResponse({ type: ResultsResponse })
  @ApiBackendProblems({ 404: ['results_not_found'] })
  get(@Req() request: RouteRequest<'job_id'>): Promise<Answered> {
    return this.results.get(request.exchange, request.params.job_id);
  }

  @Post(':job_id/download-links')
  @RequiresPermission('results:download', { limit: 'links', body: 'json', resources: [RESULTS] })
  @Idempotent()
  @ApiOperation({ summary: 'Make signed, expiring download links' })
  @ApiCreatedResponse({ type: DownloadLinksResponse })
  @ApiBackendProblems({ 404: ['results_not_found', 'file_not_found'] })
  link(@Req() request: RouteRequest<'job_id'>, @Body() _body: DownloadLinksRequest): Promise<Answered> {
    return this.results.link(request.exchange, request.params.job_id);
  }
}
