import { Injectable } from '@nestjs/common';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { ProxyService, type Operation } from '../../upstream/proxy.service.js';

const METRICS: Operation = { service: 'monitoring', name: 'monitoring.metrics', retry: 'safe' };

/** The monitoring service's operations. */
@Injectable()
export class MonitoringProxyService {
  constructor(private readonly proxy: ProxyService) {}

  metrics(exchange: Exchange): Promise<Answered> {
    return this.proxy.forward(exchange, METRICS, '/metrics');
  }
}
