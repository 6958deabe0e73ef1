import { Injectable } from '@nestjs/common';
import type { Answered, Exchange } from '../../kernel/exchange.js';
import { ProxyService, type Operation } from '../../upstream/proxy.service.js';

const CREATE: Operation = { service: 'ingestion', name: 'ingestion.upload', retry: 'never', timeoutMs: 86_400_000 };
const STATUS: Operation = { service: 'ingestion', name: 'ingestion.status', retry: 'safe' };
const OFFSET: Operation = { service: 'ingestion', name: 'ingestion.offset', retry: 'safe' };
const APPEND: Operation = { service: 'ingestion', name: 'ingestion.append', retry: 'never', timeoutMs: 86_400_000 };
const TERMINATE: Operation = { service: 'ingestion', name: 'ingestion.terminate', retry: 'never' };

/** The ingestion service's operations. An upload's answer comes after its last byte, so its time is the body's. */
@Injectable()
export class IngestionProxyService {
  constructor(private readonly proxy: ProxyService) {}

  upload(exchange: Exchange): Promise<Answered> {
    return this.proxy.forward(exchange, CREATE, '/upload');
  }

  status(exchange: Exchange, uploadId: string): Promise<Answered> {
    return this.proxy.forward(exchange, STATUS, `/upload/${uploadId}`);
  }

  offset(exchange: Exchange, uploadId: string): Promise<Answered> {
    return this.proxy.forward(exchange, OFFSET, `/upload/${uploadId}`);
  }

  append(exchange: Exchange, uploadId: string): Promise<Answered> {
    return this.proxy.forward(exchange, APPEND, `/upload/${uploadId}`);
  }

  terminate(exchange: Exchange, uploadId: string): Promise<Answered> {
    return this.proxy.forward(exchange, TERMINATE, `/upload/${uploadId}`);
  }
}
