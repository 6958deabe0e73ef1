import { AsyncLocalStorage } from 'node:async_hooks';

/** What a call to a peer repeats of the request that caused it. */
export interface RequestScope {
  readonly requestId: string;
  readonly traceparent: string | undefined;
}

export const requestScope = new AsyncLocalStorage<RequestScope>();
