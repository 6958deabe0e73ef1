import { Body, Controller, Get, Post, Query, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Answered } from '../../kernel/exchange.js';
import { PageQuery } from '../../kernel/page.query.js';
import { ApiBackendProblems } from '../../kernel/problem-docs.decorator.js';
import { RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { Idempotent } from '../../traffic/idempotency/idempotent.decorator.js';
import { Cached } from '../../traffic/response-cache/cached.decorator.js';
import { ConfigurationRequest } from './dto/configuration.request.js';
import { ConfigurationPage, ConfigurationResponse } from './dto/configuration.response.js';
import { PipelinePage, PipelineResponse } from './dto/pipeline.response.js';
import { PipelinesProxyService } from './pipelines-proxy.service.js';

@ApiTags('pipelines')
@Controller('api/v1/pipelines')
export class PipelinesController {
  constructor(private readonly pipelines: PipelinesProxyService) {}

  @Get()
  @RequiresPermission('pipelines:read')
  @Cached()
  @ApiOperation({ summary: 'List the pipelines, and whether each can run here' })
  @ApiOkResponse({ type: PipelinePage })
  list(@Req() request: RouteRequest, @Query() _query: PageQuery): Promise<Answered> {
    return this.pipelines.list(request.exchange);
  }

  @Get(':pipeline_id')
  @RequiresPermission('pipelines:read')
  @Cached()
  @ApiOperation({ summary: 'Read a pipeline: inputs, parameters, outputs' })
  @ApiOkResponse({ type: PipelineResponse })
  @ApiBackendProblems({ 404: ['pipeline_not_found'] })
  get(@Req() request: RouteRequest<'pipeline_id'>): Promise<Answered> {
    return this.pipelines.get(request.exchange, request.params.pipeline_id);
  }

  @Post(':pipeline_id/configurations')
  @RequiresPermission('pipelines:configure', { body: 'json' })
  @Idempotent()
  @ApiOperation({ summary: 'Create a named configuration of a pipeline' })
  @ApiCreatedResponse({ type: ConfigurationResponse })
  @ApiBackendProblems({ 404: ['pipeline_not_found'], 422: ['parameters_invalid'] })
  configure(@Req() request: RouteRequest<'pipeline_id'>, @Body() _body: ConfigurationRequest): Promise<Answered> {
    return this.pipelines.configure(request.exchange, request.params.pipeline_id);
  }

  @Get(':pipeline_id/configurations')
  @RequiresPermission('pipelines:read')
  @ApiOperation({ summary: 'List the configurations of a pipeline' })
  @ApiOkResponse({ type: ConfigurationPage })
  @ApiBackendProblems({ 404: ['pipeline_not_found'] })
  configurations(@Req() request: RouteRequest<'pipeline_id'>, @Query() _query: PageQuery): Promise<Answered> {
    return this.pipelines.configurations(request.exchange, request.params.pipeline_id);
  }
}
