import { Injectable } from '@nestjs/common';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { ProxyService, type Operation } from '../../upstream/proxy.service.js';

const SUBMIT: Operation = { service: 'execution', name: 'execution.submit', retry: 'keyed' };
const LIST: Operation = { service: 'execution', name: 'execution.list', retry: 'safe' };
const GET: Operation = { service: 'execution', name: 'execution.get', retry: 'safe' };
const CANCEL: Operation = { service: 'execution', name: 'execution.cancel', retry: 'never' };
const LOGS: Operation = { service: 'execution', name: 'execution.logs', retry: 'safe' };
const EVENTS: Operation = { service: 'execution', name: 'execution.events', retry: 'safe', idleTimeoutMs: 120_000 };

/** The execution service's operations. */
@Injectable()
export class ExecutionProxyService {
  constructor(private readonly proxy: ProxyService) {}

  submit(exchange: Exchange): Promise<Answered> {
    return this.proxy.forward(exchange, SUBMIT, '/jobs');
  }

  list(exchange: Exchange): Promise<Answered> {
    return this.proxy.forward(exchange, LIST, '/jobs');
  }

  get(exchange: Exchange, jobId: string): Promise<Answered> {
    return this.proxy.forward(exchange, GET, `/jobs/${jobId}`);
  }

  cancel(exchange: Exchange, jobId: string): Promise<Answered> {
    return this.proxy.forward(exchange, CANCEL, `/jobs/${jobId}/cancel`);
  }

  logs(exchange: Exchange, jobId: string): Promise<Answered> {
    return this.proxy.forward(exchange, LOGS, `/jobs/${jobId}/logs`);
  }

  events(exchange: Exchange, jobId: string): Promise<Answered> {
    return this.proxy.forward(exchange, EVENTS, `/jobs/${jobId}/events`);
  }
}
