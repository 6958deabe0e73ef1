import type { Readable } from 'node:stream';
import type { BackendName } from './backend-name.js';
import type { Identity } from './identity.js';

export interface JsonCall {
  readonly body?: unknown;
  /** The caller to act for; absent means the service itself, as a peer. */
  readonly as?: Identity;
  readonly signal?: AbortSignal;
}

/**
 * The other services, over HTTP. A peer's own 4xx problem comes back as the same BackendProblem; a peer that does not
 * answer, refuses our identity or answers nonsense is `peer_unavailable`, 503 or 502.
 */
export interface Peers {
  /** The answer's JSON, at most 8 MiB; undefined for 204. `path` starts with a slash and is already encoded. */
  json<T>(service: BackendName, method: string, path: string, options?: JsonCall): Promise<T>;
  /** The answer's bytes; destroy the stream to stop. */
  download(service: BackendName, path: string, options?: { signal?: AbortSignal }): Promise<Readable>;
  /** PUTs `content` as `application/octet-stream` unless the headers say otherwise. */
  upload<T>(
    service: BackendName,
    path: string,
    content: Readable,
    options?: { headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<T>;
}
