import type { CallScope, Cancellable } from './call-scope.js';

/** Waits between two attempts; the client's going and the deadline end the wait at once. */
export class Backoff implements Cancellable {
  #finish: () => void = () => {};

  async wait(delayMs: number, scope: CallScope): Promise<void> {
    if (scope.endedBy !== undefined) return;
    scope.current = this;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#finish = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    scope.current = undefined;
  }

  cancel(): void {
    this.#finish();
  }
}
