import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayError } from './errors/gateway-error.js';
import type { HangUp } from './hang-up.js';
import type { Principal } from './principal.js';

/**
 * Where an answer goes: the client's connection, a buffer, or both. Fields are flat `[name, value, name, value, ...]`
 * lists, names in the writer's own case, repeated fields repeated (RFC 9110 section 5.3).
 */
export interface ResponseSink {
  /** Called at most once, with the final status (never 1xx). */
  head(status: number, fields: readonly string[]): void;
  /** Takes a part of the body; `false` asks the writer to stop until `onDrain`'s callback runs. */
  write(chunk: Buffer): boolean;
  /** Registers the callback that lets the writer go on after `write` said `false`. */
  onDrain(resume: () => void): void;
  end(): void;
  /** After `head`: breaks the message, so that the client cannot take it for a whole one. */
  abort(error: GatewayError): void;
}

/** Takes a streamed body. What it is told last, once, is `ended` or `broken`. */
export interface BodyTaker {
  take(chunk: Buffer): void;
  ended(): void;
  /** It will not come whole: `client_gone`, or what it was broken off for, such as `body_too_large`. */
  broken(error: GatewayError): void;
}

/** A streamed body on its way in. Nothing done to it ends the client's connection, on which the answer has yet to go out. */
export interface BodySource {
  /** Begins to deliver; called at most once. */
  deliverTo(taker: BodyTaker): void;
  pause(): void;
  resume(): void;
  /** Reads the rest away; the taker hears no more. */
  discard(): void;
}

/**
 * One request of a client and the way back to it: what the stages and domains know of HTTP, free of Express and Nest.
 * Opened by the first middleware, closed when the answer has gone out or the client has.
 */
export interface Exchange {
  /** Request id: the client's own if well-formed (8..128 of `[A-Za-z0-9._-]`), else a new UUID. */
  readonly id: string;
  /** W3C trace context to hand on (traceparent), always set. */
  readonly traceparent: string;
  /** Monotonic milliseconds at arrival. */
  readonly startedAt: number;
  readonly method: string;
  /** Route template such as `/api/v1/execution/jobs/:job_id`; empty while none has matched. */
  readonly route: string;
  /** The raw query without `?`, byte-exact; empty when there is none. */
  readonly query: string;
  /** Node's flat list of request fields as they came. */
  readonly requestFields: readonly string[];
  /** Node's lower-cased fields; for the few the stages read. */
  readonly requestHeaders: Readonly<IncomingHttpHeaders>;
  /** The client's address after TRUST_PROXY has been applied. */
  readonly clientAddress: string;
  readonly protocol: 'http' | 'https';
  /** The Host field as it came. */
  readonly host: string;
  /** Set by the authentication guard. */
  principal: Principal | undefined;
  /** The body: bytes once read, the stream where the route streams, undefined where there is none. */
  body: Buffer | BodySource | undefined;
  readonly hangUp: HangUp;
  /** What was begun is finished even if the client goes: its retry will ask for the answer. Set before the handler runs. */
  outlivesClient: boolean;
  /** Replaceable before the handler runs, by a stage that wraps it to keep the answer. */
  sink: ResponseSink;
  /** Fields the gateway itself adds to whatever the answer will be (RateLimit and the like); flat list, open until `head`. */
  readonly ownFields: string[];
  /** Why the exchange ended as it did, for the access line and metrics; set with the answer. */
  errorCode: string | undefined;
  /** What the upstream call learned, for the access line. */
  upstream: UpstreamSummary | undefined;
}

/** Filled while the call runs, so that it is whole when the answer's last byte goes out. */
export interface UpstreamSummary {
  readonly service: string;
  readonly operation: string;
  /** Attempts begun so far. */
  attempts: number;
  /** From the start of the call, milliseconds. */
  durationMs: number;
  /** Of the last answer; undefined while there is none. */
  status: number | undefined;
}

/** What a controller returns when the answer has been or is being written to the exchange's sink. */
export const ANSWERED = Symbol('answered');
export type Answered = typeof ANSWERED;
