import { Injectable } from '@nestjs/common';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { ProxyService, type Operation } from '../../upstream/proxy.service.js';

const GET: Operation = { service: 'results', name: 'results.get', retry: 'safe' };
const LINK: Operation = { service: 'results', name: 'results.link', retry: 'never' };
const DOWNLOAD: Operation = { service: 'results', name: 'results.download', retry: 'safe' };

/** The results service's operations. */
@Injectable()
export class ResultsProxyService {
  constructor(private readonly proxy: ProxyService) {}

  get(exchange: Exchange, jobId: string): Promise<Answered> {
    return this.proxy.forward(exchange, GET, `/results/${jobId}`);
  }

  link(exchange: Exchange, jobId: string): Promise<Answered> {
    return this.proxy.forward(exchange, LINK, `/results/${jobId}/download-links`);
  }

  download(exchange: Exchange, token: string): Promise<Answered> {
    return this.proxy.forward(exchange, DOWNLOAD, `/download/${token}`);
  }
}
