import type { HangUp } from '../kernel/hang-up.js';
import type { BodySource, UpstreamSummary } from '../kernel/exchange.js';
import type { ServiceName } from '../kernel/services.js';

/** One call to a backend service, free of any request object. */
export interface UpstreamCall {
  readonly service: ServiceName;
  /** What is called, such as `qc.analyze`: the label of metrics, traces and access lines. */
  readonly operation: string;
  readonly method: string;
  /** Begins with one slash, percent-encoded, with the query; the endpoint's base path is put in front. */
  readonly path: string;
  /**
   * Flat request fields, complete but for Host and Connection. A streamed body goes out chunked unless content-length is
   * among them.
   */
  readonly fields: string[];
  readonly body: Buffer | BodySource | undefined;
  /** `safe` for GET, HEAD, OPTIONS and what is declared idempotent with a body that can be sent twice. */
  readonly retry: 'safe' | 'never';
  /** Milliseconds to the head of the response, retries included; a streamed body's sending is not counted. */
  readonly timeoutMs?: number | undefined;
  /** Longest silence in milliseconds inside a body, either way. */
  readonly idleTimeoutMs?: number | undefined;
  /** Undefined for a call that is made to its end whoever waits for it. */
  readonly hangUp?: HangUp | undefined;
  /** Filled while the call runs; the client makes one where the caller gives none. */
  readonly summary?: UpstreamSummary;
  /** W3C trace context of the exchange, for the events of its attempts. */
  readonly traceparent?: string;
  /** The public path that stands for the service's root; absolute Location fields are rewritten to it. */
  readonly publicPrefix?: string;
}
