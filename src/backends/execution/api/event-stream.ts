import type { Server } from 'node:http';
import type { Request, Response } from 'express';
import type { BackendClock } from '../../service/clock.js';
import { tooManyStreams } from '../execution.problems.js';
import { Wake, type JobSignals } from '../jobs/job-signals.js';
import type { JobEvent, JobStore } from '../jobs/job.store.js';

export interface EventStreamLimits {
  readonly streams: number;
  readonly streamsPerUser: number;
  /** How soon events of a job that another instance runs are seen. */
  readonly lookEveryMs: number;
  readonly heartbeatMs: number;
  /** How long a reader may leave what was sent to it unread before it is cut off. */
  readonly drainMs: number;
  /** Then the stream ends and the client resumes, with an identity that is still good. */
  readonly lifeMs: number;
}

export const STREAM_LIMITS: EventStreamLimits = {
  streams: 256,
  streamsPerUser: 16,
  lookEveryMs: 1_000,
  heartbeatMs: 15_000,
  drainMs: 10_000,
  lifeMs: 60 * 60 * 1000,
};
const EVENTS_AT_ONCE = 100;
const RECONNECT_MS = 2_000;

/** A job's events as server-sent events (WHATWG HTML section 9.2), from the database, so that any may be asked for again. */
export class EventStreams {
  private readonly perUser = new Map<string, number>();
  private open = 0;

  constructor(
    private readonly store: JobStore,
    private readonly signals: JobSignals,
    private readonly clock: BackendClock,
    private readonly limits: EventStreamLimits = STREAM_LIMITS,
  ) {}

  /** Sends what follows `after` until the job's `end`; to a client that has had it 204, which tells it not to come back. */
  async send(
    request: Request,
    response: Response,
    stream: { jobId: string; userId: string; after: number },
  ): Promise<void> {
    if (await this.hasHadEnd(stream.jobId, stream.after)) {
      response.status(204).end();
      return;
    }
    const release = this.admit(stream.userId);
    const wake = new Wake();
    const unsubscribe = this.signals.onChanged(stream.jobId, wake.notify);
    response.once('close', wake.notify);
    try {
      begin(response);
      await this.follow(request, response, stream, wake);
      response.end();
    } finally {
      unsubscribe();
      release();
    }
  }

  private async follow(
    request: Request,
    response: Response,
    stream: { jobId: string; after: number },
    wake: Wake,
  ): Promise<void> {
    let last = stream.after;
    const until = this.clock.now() + this.limits.lifeMs;
    let spoke = this.clock.now();
    while (isReading(request, response) && this.clock.now() < until) {
      const events = await this.store.events(stream.jobId, last, EVENTS_AT_ONCE);
      const newest = events.at(-1);
      const isSilent = this.clock.now() - spoke >= this.limits.heartbeatMs;
      if (newest !== undefined || isSilent) {
        if (!(await this.write(response, newest === undefined ? ':\n\n' : events.map(frameOf).join('')))) return;
        spoke = this.clock.now();
      }
      if (newest?.event === 'end') return;
      last = newest?.sequence ?? last;
      if (events.length < EVENTS_AT_ONCE) await wake.wait(this.limits.lookEveryMs);
    }
  }

  /** Waits until the reader has taken most of it; false, and the connection cut, when it does not in time. */
  private async write(response: Response, text: string): Promise<boolean> {
    if (response.write(text)) return true;
    const drained = new Wake();
    response.once('drain', drained.notify).once('close', drained.notify);
    await drained.wait(this.limits.drainMs);
    response.off('drain', drained.notify).off('close', drained.notify);
    if (!response.writableNeedDrain) return true;
    response.destroy();
    return false;
  }

  private async hasHadEnd(jobId: string, after: number): Promise<boolean> {
    if (after === 0) return false;
    const [event] = await this.store.events(jobId, after - 1, 1);
    return event?.sequence === after && event.event === 'end';
  }

  private admit(userId: string): () => void {
    const own = this.perUser.get(userId) ?? 0;
    if (this.open >= this.limits.streams || own >= this.limits.streamsPerUser) throw tooManyStreams();
    this.open += 1;
    this.perUser.set(userId, own + 1);
    return () => {
      this.open -= 1;
      const left = (this.perUser.get(userId) ?? 1) - 1;
      if (left === 0) this.perUser.delete(userId);
      else this.perUser.set(userId, left);
    };
  }
}

function begin(response: Response): void {
  response.status(200).set({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  response.write(`retry: ${RECONNECT_MS}\n\n`);
}

const frameOf = ({ sequence, event, data }: JobEvent): string =>
  `id: ${sequence}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

// A server that has been told to close waits for its open answers; this one would otherwise keep it waiting.
function isReading(request: Request, response: Response): boolean {
  const { server } = request.socket as { server?: Server };
  return !response.destroyed && !response.writableEnded && server?.listening !== false;
}
