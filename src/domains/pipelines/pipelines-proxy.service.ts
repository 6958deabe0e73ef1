import { Injectable } from '@nestjs/common';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { ProxyService, type Operation } from '../../upstream/proxy.service.js';

const LIST: Operation = { service: 'pipelines', name: 'pipelines.list', retry: 'safe' };
const GET: Operation = { service: 'pipelines', name: 'pipelines.get', retry: 'safe' };
const CONFIGURE: Operation = { service: 'pipelines', name: 'pipelines.configure', retry: 'never' };
const CONFIGURATIONS: Operation = { service: 'pipelines', name: 'pipelines.configurations', retry: 'safe' };

/** The pipeline service's operations. */
@Injectable()
export class PipelinesProxyService {
  constructor(private readonly proxy: ProxyService) {}

  list(exchange: Exchange): Promise<Answered> {
    return this.proxy.forward(exchange, LIST, '/pipelines');
  }

  get(exchange: Exchange, pipelineId: string): Promise<Answered> {
    return this.proxy.forward(exchange, GET, `/pipelines/${pipelineId}`);
  }

  configure(exchange: Exchange, pipelineId: string): Promise<Answered> {
    return this.proxy.forward(exchange, CONFIGURE, `/pipelines/${pipelineId}/configurations`);
  }

  configurations(exchange: Exchange, pipelineId: string): Promise<Answered> {
    return this.proxy.forward(exchange, CONFIGURATIONS, `/pipelines/${pipelineId}/configurations`);
  }
}
