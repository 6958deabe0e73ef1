import { setTimeout as sleep } from 'node:timers/promises';

/** For tests with real processes: looks every 50 ms until `look` finds something; throws after `withinMs`. */
export async function waitUntil<T>(look: () => Promise<T | undefined> | T | undefined, withinMs = 30_000): Promise<T> {
  for (let waited = 0; waited < withinMs; waited += 50) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(50);
  }
  throw new Error('Nothing happened in time.');
}
