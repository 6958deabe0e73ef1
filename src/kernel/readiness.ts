/** Whether this process wants new requests; load balancers learn it from `/health/ready`. */
export class Readiness {
  #draining = false;

  get ready(): boolean {
    return !this.#draining;
  }

  /** Asks for no more requests; there is no way back. */
  drain(): void {
    this.#draining = true;
  }
}
