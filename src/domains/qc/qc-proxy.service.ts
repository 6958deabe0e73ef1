import { Injectable } from '@nestjs/common';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { ProxyService, type Operation } from '../../upstream/proxy.service.js';

const ANALYZE: Operation = { service: 'qc', name: 'qc.analyze', retry: 'never' };
const RESULTS: Operation = { service: 'qc', name: 'qc.results', retry: 'safe' };

/** The QC service's operations. */
@Injectable()
export class QcProxyService {
  constructor(private readonly proxy: ProxyService) {}

  analyze(exchange: Exchange): Promise<Answered> {
    return this.proxy.forward(exchange, ANALYZE, '/analyze');
  }

  results(exchange: Exchange, qcJobId: string): Promise<Answered> {
    return this.proxy.forward(exchange, RESULTS, `/results/${qcJobId}`);
  }
}
