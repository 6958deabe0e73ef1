import type { IncomingHttpHeaders } from 'node:http';
import type { BodySource, Exchange, ResponseSink, UpstreamSummary } from '../../kernel/exchange.js';
import { HangUp } from '../../kernel/hang-up.js';
import type { Principal } from '../../kernel/principal.js';
import type { AnswerFields } from '../fields/answer-fields.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';
import { CountedBody } from './counted-body.js';
import { HttpSink } from './http-sink.js';
import { requestIdFrom, traceparentFrom } from './request-ids.js';

export interface ExchangeOptions {
  readonly trustsProxies: boolean;
  /** Whether a trace that begins here is sampled. */
  readonly samplesTraces: boolean;
}

/** The Exchange over Node's HTTP messages. One per request; nothing here is computed before somebody asks. */
export class HttpExchange implements Exchange {
  readonly id: string;
  readonly method: string;
  readonly query: string;
  readonly requestFields: readonly string[];
  readonly requestHeaders: Readonly<IncomingHttpHeaders>;
  readonly host: string;
  readonly hangUp = new HangUp();
  readonly ownFields: string[] = [];
  outlivesClient = false;
  sink: ResponseSink;
  principal: Principal | undefined = undefined;
  body: Buffer | BodySource | undefined = undefined;
  errorCode: string | undefined = undefined;
  upstream: UpstreamSummary | undefined = undefined;
  /** The connection can carry no other exchange after this one. */
  closesConnection = false;
  /** Bytes of the request's body that were read so far. */
  requestBytes = 0;
  /** Bytes of the answer's body handed to the connection. */
  responseBytes = 0;
  #traceparent: string | undefined = undefined;

  constructor(
    readonly request: GatewayRequest,
    readonly response: GatewayResponse,
    readonly startedAt: number,
    private readonly answerFields: AnswerFields,
    private readonly options: ExchangeOptions,
  ) {
    const headers = request.headers;
    const target = request.url ?? '/';
    const queryAt = target.indexOf('?');
    this.id = requestIdFrom(headers['x-request-id']);
    this.method = request.method ?? 'GET';
    this.query = queryAt < 0 ? '' : target.slice(queryAt + 1);
    this.requestFields = request.rawHeaders;
    this.requestHeaders = headers;
    this.host = headers.host ?? '';
    this.sink = new HttpSink(this);
  }

  get route(): string {
    return this.request.route?.path ?? '';
  }

  get traceparent(): string {
    return (this.#traceparent ??= traceparentFrom(this.requestHeaders['traceparent'], this.options.samplesTraces));
  }

  get clientAddress(): string {
    return (this.options.trustsProxies ? this.request.ip : this.request.socket.remoteAddress) ?? '';
  }

  get protocol(): 'http' | 'https' {
    return (this.request as unknown as { protocol: string }).protocol === 'https' ? 'https' : 'http';
  }

  /** Tells a client that waits for it to send the body (RFC 9110 section 10.1.1); to be called where the body is wanted. */
  inviteBody(): void {
    const { request, response } = this;
    if (this.requestHeaders.expect === undefined || request.httpVersionMinor === 0 || response.headersSent) return;
    response.writeContinue();
  }

  /** Hands the body on as it comes, counted, and broken off beyond `maxBytes`. */
  streamBody(maxBytes: number): void {
    if (this.requestHeaders['content-length'] === undefined && this.requestHeaders['transfer-encoding'] === undefined)
      return;
    this.body = new CountedBody(this, maxBytes);
  }

  /** True while a body was announced and not all of it has been taken off the connection. */
  get hasUnreadBody(): boolean {
    if (this.request.complete) return false;
    const { headers } = this.request;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  }

  /** An answer's fields with those the gateway adds to every answer; called once, when the head goes out. */
  completeFields(fields: readonly string[]): string[] {
    return this.answerFields.complete(this, fields);
  }
}
