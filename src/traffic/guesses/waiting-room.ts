/** Those who wait for a place, in the order in which they came. */
export class WaitingRoom {
  readonly #waiting = new Map<string, Set<() => void>>();
  #size = 0;

  /** How many may wait at once, all keys together. */
  constructor(private readonly max: number) {}

  get isFull(): boolean {
    return this.#size >= this.max;
  }

  /** Resolves when it is the caller's turn at one of the keys, and after `ms` in any case. */
  wait(keys: readonly string[], ms: number): Promise<void> {
    this.#size += 1;
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        for (const key of keys) this.#leave(key, go);
        this.#size -= 1;
        resolve();
      };
      const timer = setTimeout(go, ms);
      for (const key of keys) this.#waiting.set(key, (this.#waiting.get(key) ?? new Set()).add(go));
    });
  }

  /** A place has come free: the first of those who wait may try. */
  wake(key: string): void {
    const [first] = this.#waiting.get(key) ?? [];
    first?.();
  }

  #leave(key: string, go: () => void): void {
    const waiting = this.#waiting.get(key);
    waiting?.delete(go);
    if (waiting?.size === 0) this.#waiting.delete(key);
  }
}
