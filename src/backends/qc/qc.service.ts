import type { BackendDefinition } from '../service/backend-service.js';
import { QcJobQueue } from './jobs/qc-job.queue.js';
import { QcJobStore } from './jobs/qc-job.store.js';
import { QcWorkers } from './jobs/qc-workers.js';
import { createQcRouter } from './qc.router.js';
import { QC_MIGRATIONS } from './qc.tables.js';
import { Submission } from './submission.js';

/** Quality control of uploaded reads, as durable jobs. */
export const qcService: BackendDefinition = {
  name: 'qc',
  migrations: QC_MIGRATIONS,
  async create({ database, peers, settings, log, clock }) {
    const queue = new QcJobQueue(database, clock);
    // An embedded database has one process at a time; on a server other instances may be at work.
    if (settings.databaseUrl === undefined) {
      const count = await queue.recover();
      if (count > 0) log.info('qc_jobs_recovered', { count });
    }
    const workers = new QcWorkers(queue, peers, log);
    const router = createQcRouter({
      submission: new Submission(peers),
      jobs: new QcJobStore(database, clock),
      submitted: () => workers.wake(),
    });
    workers.start(settings.qcWorkers);
    return { router, stop: () => workers.stop() };
  },
};
