import { Router } from 'express';
import { identityOf } from '../service/identity.js';
import { maySee } from '../service/resource-access.js';
import { validated } from '../service/validation.js';
import type { QcJobStore } from './jobs/qc-job.store.js';
import { viewOf } from './jobs/qc-job.view.js';
import { qcJobNotFound } from './qc.problems.js';
import { ANALYZE_REQUEST } from './qc.requests.js';
import type { Submission } from './submission.js';

export interface QcParts {
  readonly submission: Submission;
  readonly jobs: QcJobStore;
  /** Called after a job was queued. */
  readonly submitted: () => void;
}

/** `POST /analyze` and `GET /results/{qc_job_id}`. */
export function createQcRouter({ submission, jobs, submitted }: QcParts): Router {
  const router = Router();

  router.post('/analyze', async (request, response) => {
    const body = validated(ANALYZE_REQUEST, request.body);
    const job = await jobs.submit(await submission.check(body, identityOf(request)));
    submitted();
    response.status(202).location(`results/${job.qcJobId}`).json(viewOf(job));
  });

  router.get('/results/:qcJobId', async (request, response) => {
    const identity = identityOf(request);
    const job = await jobs.find(request.params.qcJobId);
    if (job === undefined || !maySee(identity, job)) throw qcJobNotFound();
    response.json(viewOf(job));
  });

  return router;
}
