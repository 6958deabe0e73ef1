import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Answered } from '../../kernel/exchange.js';
import { RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { PlatformMetricsResponse } from './dto/platform-metrics.response.js';
import { MonitoringProxyService } from './monitoring-proxy.service.js';

@ApiTags('monitoring')
@Controller('api/v1/monitoring')
export class MonitoringController {
  constructor(private readonly monitoring: MonitoringProxyService) {}

  @Get('metrics')
  @RequiresPermission('monitoring:read')
  @ApiOperation({ summary: 'Read figures of the platform, its services and its jobs' })
  @ApiOkResponse({ type: PlatformMetricsResponse })
  metrics(@Req() request: RouteRequest): Promise<Answered> {
    return this.monitoring.metrics(request.exchange);
  }
}
