/** The job cannot succeed, for a reason its owner may read: no path, address or foreign text in it. */
export class JobFailure extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
  ) {
    super(detail);
    this.name = 'JobFailure';
  }
}

export type StopReason = 'cancelled' | 'handed_back' | 'lease_lost' | 'time_limit';

/** Why an attempt was told to stop; the reason of its abort signal. */
export class AttemptStopped extends Error {
  constructor(readonly reason: StopReason) {
    super(`The attempt was stopped: ${reason}.`);
    this.name = 'AttemptStopped';
  }
}
