import { isIPv6 } from 'node:net';
import type { LookupFunction } from 'node:net';
import { buildConnector, Pool } from 'undici';
import type { EndpointTarget } from '../registry/endpoint-target.js';
import type { UpstreamTls } from '../upstream-tls.js';

export interface ConnectionLimits {
  /** Most connections to one endpoint; one call each, never pipelined. */
  readonly connections: number;
  readonly connectTimeoutMs: number;
}

// Node's servers close an idle connection after 5 s; ours goes first, so that no request meets a closing one. A
// service's own Keep-Alive hint replaces the 4 s, less the threshold.
const KEEP_ALIVE_MS = 4_000;
const KEEP_ALIVE_THRESHOLD_MS = 1_000;
const KEEP_ALIVE_MAX_MS = 60_000;
const MAX_RESPONSE_HEADER_BYTES = 16_384;

/**
 * A pool with no timers of its own for calls: the deadline wheel watches those. Its connections and the TLS sessions they
 * resume are those of the trust and the certificate there are now.
 */
export function connectionPool(target: EndpointTarget, limits: ConnectionLimits, tls: UpstreamTls): Pool {
  return new Pool(target.origin, {
    connections: limits.connections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveTimeoutThreshold: KEEP_ALIVE_THRESHOLD_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    maxResponseSize: -1,
    strictContentLength: true,
    connect: connectorTo(target, limits.connectTimeoutMs, tls),
  });
}

/**
 * undici takes a reset for the end of an answer that ends with its connection, so that a service which dies in the
 * middle of one would seem to have finished. An answer the connection broke under is not complete (RFC 9112 section 8):
 * under another code undici sees the error for what it is.
 */
function connectorTo(target: EndpointTarget, timeout: number, tls: UpstreamTls): buildConnector.connector {
  const { address } = target;
  const connect = buildConnector({
    timeout,
    ...tls.optionsFor(target),
    ...(address === undefined ? {} : { lookup: lookupOf(address) }),
  });
  return (options, callback) => {
    connect(options, (...outcome) => {
      outcome[1]?.prependListener('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNRESET') error.code = 'ERR_UPSTREAM_RESET';
        // The end that follows would else take the place of what TLS says of it.
        if (error.code?.startsWith('ERR_SSL_')) outcome[1]?.destroy();
      });
      callback(...outcome);
    });
  };
}

/** Name resolution that always gives the address discovery found, so that Host and TLS still see the name. */
export function lookupOf(address: string): LookupFunction {
  const family = isIPv6(address) ? 6 : 4;
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}
