/**
 * Tells that the client has gone. A plain list instead of an AbortSignal on the request path, where one is made per
 * request; `signal` makes one for the libraries that want it.
 */
export class HangUp {
  #gone = false;
  #listeners: (() => void)[] | undefined;
  #controller: AbortController | undefined;

  get gone(): boolean {
    return this.#gone;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#gone) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Calls `listener` once when the client goes, at once if it has gone. */
  listen(listener: () => void): void {
    if (this.#gone) listener();
    else (this.#listeners ??= []).push(listener);
  }

  unlisten(listener: () => void): void {
    const index = this.#listeners?.indexOf(listener) ?? -1;
    if (index >= 0) this.#listeners?.splice(index, 1);
  }

  /** Declares the client gone; later calls change nothing. */
  hangUp(): void {
    if (this.#gone) return;
    this.#gone = true;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    listeners?.forEach((listener) => {
      listener();
    });
    this.#controller?.abort();
  }
}
