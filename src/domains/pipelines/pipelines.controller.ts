import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { Exchanged } from '../../kernel/exchanged.decorator.js';
import { PageQuery } from '../../kernel/page.query.js';
import { ApiBackendProblems } from '../../kernel/problem-docs.decorator.js';
import { RequiresPermission } from '../../kernel/route.js';
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
  list(@Exchanged() exchange: Exchange, @Query() _query: PageQuery): Promise<Answered> {
    return this.pipelines.list(exchange);
  }

  @Get(':pipeline_id')
  @RequiresPermission('pipelines:read')
  @Cached()
  @ApiOperation({ summary: 'Read a pipeline: inputs, parameters, outputs' })
  @ApiOkResponse({ type: PipelineResponse })
  @ApiBackendProblems({ 404: ['pipeline_not_found'] })
  get(@Exchanged() exchange: Exchange, @Param('pipeline_id') pipelineId: string): Promise<Answered> {
    return this.pipelines.get(exchange, pipelineId);
  }

  @Post(':pipeline_id/configurations')
  @RequiresPermission('pipelines:configure', { body: 'json' })
  @Idempotent()
  @ApiOperation({ summary: 'Create a named configuration of a pipeline' })
  @ApiCreatedResponse({ type: ConfigurationResponse })
  @ApiBackendProblems({ 404: ['pipeline_not_found'], 422: ['parameters_invalid'] })
  configure(
    @Exchanged() exchange: Exchange,
    @Param('pipeline_id') pipelineId: string,
    @Body() _body: ConfigurationRequest,
  ): Promise<Answered> {
    return this.pipelines.configure(exchange, pipelineId);
  }

  @Get(':pipeline_id/configurations')
  @RequiresPermission('pipelines:read')
  @ApiOperation({ summary: 'List the configurations of a pipeline' })
  @ApiOkResponse({ type: ConfigurationPage })
  @ApiBackendProblems({ 404: ['pipeline_not_found'] })
  configurations(
    @Exchanged() exchange: Exchange,
    @Param('pipeline_id') pipelineId: string,
    @Query() _query: PageQuery,
  ): Promise<Answered> {
    return this.pipelines.configurations(exchange, pipelineId);
  }
}
