/** Wakes one waiter; a call while nobody waits is remembered, so that no wake is lost between a look and a wait. */
export class Wake {
  private isDue = false;
  private resume: (() => void) | undefined;

  readonly notify = (): void => {
    this.isDue = true;
    this.resume?.();
  };

  /** Resolves when notified, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (!this.isDue) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.resume = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.resume = undefined;
    this.isDue = false;
  }
}

/**
 * Tells parts of this process at once what the database would tell them at their next look: nothing depends on it but
 * speed. Other instances look by themselves.
 */
export class JobSignals {
  private readonly workers = new Set<() => void>();
  private readonly watchers = new Map<string, Set<() => void>>();
  private readonly cancels = new Map<string, () => void>();

  /** A job is waiting. */
  submitted(): void {
    for (const notify of this.workers) notify();
  }

  onSubmitted(notify: () => void): () => void {
    this.workers.add(notify);
    return () => this.workers.delete(notify);
  }

  /** The job has new events. */
  changed(jobId: string): void {
    for (const notify of this.watchers.get(jobId) ?? []) notify();
  }

  /** Bounded by the number of event streams. */
  onChanged(jobId: string, notify: () => void): () => void {
    const watchers = this.watchers.get(jobId) ?? new Set();
    this.watchers.set(jobId, watchers.add(notify));
    return () => {
      watchers.delete(notify);
      if (watchers.size === 0) this.watchers.delete(jobId);
    };
  }

  /** Cancellation of the job was asked for. */
  cancelled(jobId: string): void {
    this.cancels.get(jobId)?.();
  }

  /** Bounded by the number of workers: one attempt runs a job. */
  onCancelled(jobId: string, notify: () => void): () => void {
    this.cancels.set(jobId, notify);
    return () => this.cancels.delete(jobId);
  }
}
