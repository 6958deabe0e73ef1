import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import cluster from 'node:cluster';
import { register } from 'prom-client';
import { PublicAccess } from '../../kernel/route.js';
import { ClusterScrape } from './cluster-scrape.js';

/** The Prometheus text format, version 0.0.4. */
@ApiTags('metrics')
@Controller('metrics')
export class MetricsController {
  readonly #ofAllWorkers = cluster.isWorker ? new ClusterScrape() : undefined;

  @Get()
  @PublicAccess('Prometheus scrapes it; it names no caller, sample or address', { limit: 'none' })
  @ApiOperation({ summary: 'Scrape the metrics' })
  @ApiProduces('text/plain')
  @ApiOkResponse({ description: 'Prometheus text format.', schema: { type: 'string' } })
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  read(): Promise<string> {
    return this.#ofAllWorkers?.read() ?? register.metrics();
  }
}
