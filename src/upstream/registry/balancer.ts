import { UpstreamError } from '../upstream.errors.js';
import type { Endpoint } from './endpoint.js';

/** Chooses the available endpoint with the fewest calls under way; equals take turns. */
export class Balancer {
  #turn = 0;

  /** `avoid` is the endpoint that has just failed: taken only if no other is available. Undefined if none is. */
  pick(endpoints: readonly Endpoint[], avoid: Endpoint | undefined, now: number): Endpoint | undefined {
    const count = endpoints.length;
    const start = this.#turn++ % (count || 1);
    let best: Endpoint | undefined;
    for (let i = 0; i < count; i++) {
      const endpoint = endpoints[(start + i) % count] as Endpoint;
      if (endpoint === avoid || !endpoint.available(now)) continue;
      if (best === undefined || endpoint.outstanding < best.outstanding) best = endpoint;
    }
    if (best !== undefined || avoid === undefined) return best;
    return endpoints.includes(avoid) && avoid.available(now) ? avoid : undefined;
  }
}

/** `breaker_open` if an open breaker is what stands between a call and an endpoint, else `no_endpoint`. */
export function whyNoneAvailable(endpoints: readonly Endpoint[], now: number): UpstreamError {
  const broken = endpoints.filter((endpoint) => endpoint.healthy && !endpoint.breaker.admits(now));
  if (broken.length === 0) return new UpstreamError('no_endpoint', { retryAfterSeconds: 1 });
  const opensInMs = Math.min(...broken.map((endpoint) => endpoint.breaker.opensIn(now)));
  return new UpstreamError('breaker_open', { retryAfterSeconds: Math.max(1, Math.ceil(opensInMs / 1_000)) });
}
