import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { register } from 'prom-client';
import { PublicAccess } from '../../kernel/route.js';

/** The Prometheus text format, version 0.0.4. */
@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  @Get()
  @PublicAccess('Prometheus scrapes it; it names no caller, sample or address', { limit: 'none' })
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  read(): Promise<string> {
    return register.metrics();
  }
}
