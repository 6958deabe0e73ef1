import { Injectable } from '@nestjs/common';
import { ANSWERED, type Answered, type Exchange } from '../kernel/exchange.js';
import type { ServiceName } from '../kernel/services.js';
import { OutboundIdentity } from './outbound-identity.js';
import { requestFields } from './request-fields.js';
import { targetPath } from './target-path.js';
import { emptySummary, UpstreamClient } from './upstream-client.js';

/** One thing a service can be asked for. */
export interface Operation {
  readonly service: ServiceName;
  /** Label of metrics, traces and access lines, such as `qc.analyze`. */
  readonly name: string;
  /**
   * Default: `safe` for GET, HEAD and OPTIONS, else `never`. `keyed`: safe under an Idempotency-Key, which the service
   * honours itself.
   */
  readonly retry?: 'safe' | 'never' | 'keyed';
  /** Milliseconds to the head of the answer; default UPSTREAM_TIMEOUT_MS. */
  readonly timeoutMs?: number;
  /** Longest silence in milliseconds inside a body; default UPSTREAM_IDLE_TIMEOUT_MS. */
  readonly idleTimeoutMs?: number;
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The public path that stands for each service's root: what the gateway takes off before it forwards. */
const PUBLIC_PREFIXES: Readonly<Record<ServiceName, string>> = {
  ingestion: '/api/v1/ingestion',
  qc: '/api/v1/qc',
  pipelines: '/api/v1',
  execution: '/api/v1/execution',
  results: '/api/v1',
  monitoring: '/api/v1/monitoring',
  auth: '',
};

/** Passes an exchange on to a service and its answer back, both as they are but for what only one hop may see. */
@Injectable()
export class ProxyService {
  constructor(
    private readonly client: UpstreamClient,
    private readonly identity: OutboundIdentity,
  ) {}

  /**
   * Method, body and query are the exchange's; `path` is the service's own, encoded, without a query. Rejects with a
   * GatewayError while nothing has been answered yet.
   */
  async forward(
    exchange: Exchange,
    operation: Operation,
    path: string,
    publicPrefix: string = PUBLIC_PREFIXES[operation.service],
  ): Promise<Answered> {
    const target = targetPath(path, exchange.query);
    const identity = this.identity.fieldsFor(exchange.principal);
    const fields = requestFields(exchange, identity instanceof Promise ? await identity : identity, publicPrefix);
    announceLength(exchange, fields);
    const summary = emptySummary(operation.service, operation.name);
    exchange.upstream = summary;
    await this.client.send(
      {
        service: operation.service,
        operation: operation.name,
        method: exchange.method,
        path: target,
        fields,
        body: exchange.body,
        retry: retryOf(operation, exchange),
        timeoutMs: operation.timeoutMs,
        idleTimeoutMs: operation.idleTimeoutMs,
        hangUp: exchange.outlivesClient ? undefined : exchange.hangUp,
        summary,
        traceparent: exchange.traceparent,
        publicPrefix,
      },
      exchange.sink,
    );
    return ANSWERED;
  }
}

function retryOf({ retry }: Operation, exchange: Exchange): 'safe' | 'never' {
  if (retry === 'keyed') return exchange.requestHeaders['idempotency-key'] === undefined ? 'never' : 'safe';
  return retry ?? (SAFE_METHODS.has(exchange.method) ? 'safe' : 'never');
}

// A streamed body keeps the framing it came with: its length if the client told it, chunks if not.
function announceLength(exchange: Exchange, fields: string[]): void {
  if (exchange.body === undefined || Buffer.isBuffer(exchange.body)) return;
  const length = exchange.requestHeaders['content-length'];
  if (typeof length === 'string' && /^\d{1,15}$/.test(length)) fields.push('content-length', length);
}
