/** Wall time in milliseconds since the Unix epoch; tests hand in their own. */
export interface BackendClock {
  now(): number;
}

export const systemClock: BackendClock = { now: () => Date.now() };
