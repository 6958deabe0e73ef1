import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { ANSWERED, type Answered, type Exchange } from '../kernel/exchange.js';
import type { RouteRequest } from '../kernel/route-request.js';
import { PublicAccess } from '../kernel/route.js';
import { DependencyHealth, ProcessHealth } from './dto/health.dto.js';
import { HealthReportService, type HealthReport } from './health-report.service.js';

const REASON = 'Orchestrators and load balancers hold no token; the answer names no address.';

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly reports: HealthReportService) {}

  @Get()
  @PublicAccess(REASON, { limit: 'none' })
  @ApiOperation({ summary: 'How the gateway and each service it depends on are doing' })
  @ApiOkResponse({ type: DependencyHealth, description: 'Everything the gateway depends on is there.' })
  @ApiServiceUnavailableResponse({ type: DependencyHealth, description: 'A dependency is down, or the gateway stops.' })
  async summary(@Req() { exchange }: RouteRequest): Promise<Answered> {
    return answer(exchange, await this.reports.summary());
  }

  @Get('live')
  @PublicAccess(REASON, { limit: 'none' })
  @ApiOperation({ summary: 'Whether the process runs' })
  @ApiOkResponse({ type: ProcessHealth })
  live(@Req() { exchange }: RouteRequest): Answered {
    return answer(exchange, this.reports.live());
  }

  @Get('ready')
  @PublicAccess(REASON, { limit: 'none' })
  @ApiOperation({ summary: 'Whether the process wants requests' })
  @ApiOkResponse({ type: ProcessHealth })
  @ApiServiceUnavailableResponse({ type: ProcessHealth, description: 'The gateway starts or stops.' })
  ready(@Req() { exchange }: RouteRequest): Answered {
    return answer(exchange, this.reports.ready());
  }
}

function answer({ sink }: Exchange, { status, body }: HealthReport): Answered {
  const bytes = Buffer.from(JSON.stringify(body));
  sink.head(status, [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(bytes.length),
    'cache-control',
    'no-store',
  ]);
  sink.write(bytes);
  sink.end();
  return ANSWERED;
}
