import { setTimeout as sleep } from 'node:timers/promises';
import { BackendProblem } from '../../service/problem.js';

const DELAYS_MS = [250, 1_000, 3_000, 8_000, 15_000];

/** Whether a peer was away, so that the same call may succeed later. */
export const isTransient = (error: unknown): boolean => error instanceof BackendProblem && error.status >= 500;

/** Repeats a call that can be repeated while its peer is away, six times in half a minute; ends at once on abort. */
export async function withRetries<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  for (const delay of DELAYS_MS) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      await sleep(delay, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
  return call();
}
