/** Somebody stopped the inspection: the upload was refused for another reason, or its client is away for long. */
export class InspectionCancelled extends Error {
  constructor() {
    super('The inspection was cancelled.');
    this.name = 'InspectionCancelled';
  }
}

/** How far a file that is being written has come, for one reader that follows it. */
export class Growth {
  private size = 0;
  private state: 'open' | 'ended' | 'cancelled' = 'open';
  private wake: (() => void) | undefined;

  advance(size: number): void {
    this.size = Math.max(this.size, size);
    this.wake?.();
  }

  /** Nothing more will be written. */
  end(): void {
    if (this.state === 'open') this.state = 'ended';
    this.wake?.();
  }

  cancel(): void {
    this.state = 'cancelled';
    this.wake?.();
  }

  /** The size once it is beyond `position`; undefined at the file's end. Throws InspectionCancelled. */
  async beyond(position: number): Promise<number | undefined> {
    for (;;) {
      if (this.state === 'cancelled') throw new InspectionCancelled();
      if (this.size > position) return this.size;
      if (this.state === 'ended') return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
