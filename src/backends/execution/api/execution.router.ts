import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Router, type Request, type Response } from 'express';
import { identityOf, requirePlatform } from '../../service/identity.js';
import { ALL_PROJECTS, maySee, seesOwnOnly } from '../../service/resource-access.js';
import { validated } from '../../service/validation.js';
import { jobNotFound } from '../execution.problems.js';
import type { JobRow } from '../jobs/execution.tables.js';
import type { JobStore } from '../jobs/job.store.js';
import { jobView } from '../jobs/job-view.js';
import type { Capabilities } from '../tools/capabilities.js';
import { logPath } from '../work/job-log.js';
import type { EventStreams } from './event-stream.js';
import {
  decodeCursor,
  encodeCursor,
  idempotencyKey,
  JOB_REQUEST,
  JOBS_QUERY,
  lastEventId,
} from './execution.requests.js';
import type { JobSubmission } from './job-submission.js';

type JobParameters = Request<{ jobId: string }>;

export interface ExecutionParts {
  readonly store: JobStore;
  readonly submission: JobSubmission;
  readonly streams: EventStreams;
  readonly capabilities: Capabilities;
  readonly dataDir: string;
}

/** The routes of the execution service; capabilities and statistics are for the platform only. */
export class ExecutionRoutes {
  constructor(private readonly parts: ExecutionParts) {}

  router(): Router {
    const router = Router({ caseSensitive: true });
    router.post('/jobs', (request, response) => this.submit(request, response));
    router.get('/jobs', (request, response) => this.list(request, response));
    router.get('/jobs/:jobId', (request, response) => this.show(request, response));
    router.post('/jobs/:jobId/cancel', (request, response) => this.cancel(request, response));
    router.get('/jobs/:jobId/logs', (request, response) => this.logs(request, response));
    router.get('/jobs/:jobId/events', (request, response) => this.events(request, response));
    router.get('/capabilities', (request, response) => this.showCapabilities(request, response));
    router.get('/statistics', (request, response) => this.statistics(request, response));
    return router;
  }

  private async submit(request: Request, response: Response): Promise<void> {
    const key = idempotencyKey(request.get('idempotency-key'));
    const body = validated(JOB_REQUEST, request.body);
    const { job, isReplay } = await this.parts.submission.submit(identityOf(request), body, key);
    if (isReplay) response.set('idempotency-replayed', 'true');
    response.status(201).location(`jobs/${job.jobId}`).json(jobView(job));
  }

  private async list(request: Request, response: Response): Promise<void> {
    const query = validated(JOBS_QUERY, request.query);
    const identity = identityOf(request);
    const rows = await this.parts.store.list({
      owner: seesOwnOnly(identity) ? identity.userId : undefined,
      projects: identity.projects.includes(ALL_PROJECTS) ? undefined : identity.projects,
      status: query.status,
      before: decodeCursor(query.cursor),
      limit: query.limit + 1,
    });
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    const next = rows.length > query.limit && last !== undefined ? encodeCursor(last.ordinal) : null;
    response.json({ items: page.map(jobView), next_cursor: next });
  }

  private async show(request: JobParameters, response: Response): Promise<void> {
    response.json(jobView(await this.readable(request)));
  }

  private async cancel(request: JobParameters, response: Response): Promise<void> {
    const { jobId } = await this.readable(request);
    response.status(202).json(jobView(await this.parts.store.cancel(jobId)));
  }

  private async logs(request: JobParameters, response: Response): Promise<void> {
    const { jobId } = await this.readable(request);
    const path = logPath(join(this.parts.dataDir, 'logs'), jobId);
    response.set({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const size = await stat(path).then(
      (file) => file.size,
      () => 0,
    );
    if (size === 0) response.end();
    // The log may grow meanwhile: what is sent is what it was when asked for.
    else await pipeline(createReadStream(path, { end: size - 1 }), response).catch(() => response.destroy());
  }

  private async events(request: JobParameters, response: Response): Promise<void> {
    const after = lastEventId(request.get('last-event-id'));
    const { jobId } = await this.readable(request);
    await this.parts.streams.send(request, response, { jobId, userId: identityOf(request).userId, after });
  }

  private async showCapabilities(request: Request, response: Response): Promise<void> {
    requirePlatform(identityOf(request));
    response.json(await this.parts.capabilities.current());
  }

  private async statistics(request: Request, response: Response): Promise<void> {
    requirePlatform(identityOf(request));
    response.json(await this.parts.store.countsByStatus());
  }

  /** The job if the caller may see it; another's is unknown to a technician, like one that is not there. */
  private async readable(request: JobParameters): Promise<JobRow> {
    const identity = identityOf(request);
    const job = await this.parts.store.find(request.params.jobId);
    if (job === undefined || !maySee(identity, job)) throw jobNotFound();
    return job;
  }
}
