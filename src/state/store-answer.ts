/** The store is known to be away, so it was not asked. */
export class StoreAway extends Error {
  constructor() {
    super('the state store is away');
    this.name = 'StoreAway';
  }
}

/** The store was asked and said nothing in time; whether it did what it was asked is not known. */
export class StoreSilent extends Error {
  constructor() {
    super('the state store did not answer in time');
    this.name = 'StoreSilent';
  }
}

/** Whether Redis answered that it will not: it is there, and did nothing. Of every other failure the outcome is unknown. */
export const isRefusal = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError';

/**
 * The answer, or StoreSilent after `timeoutMs`. A process that stalled finds its timers before its sockets, where the
 * answer may be waiting: it looks there once more before it gives up.
 */
export function answerWithin<Reply>(answer: Promise<Reply>, timeoutMs: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      setImmediate(() => {
        reject(new StoreSilent());
      });
    }, timeoutMs);
    answer.then(
      (reply) => {
        clearTimeout(timer);
        resolve(reply);
      },
      (error: Error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
