import type { BackendDefinition, BackendService } from '../service/backend-service.js';
import type { ServiceContext } from '../service/service-context.js';
import { toolPath } from '../service/tool-path.js';
import { EventStreams } from './api/event-stream.js';
import { ExecutionRoutes } from './api/execution.router.js';
import { InputChecks } from './api/input-checks.js';
import { JobSubmission } from './api/job-submission.js';
import { CwlEngine } from './engines/cwl.engine.js';
import { NativeEngine } from './engines/native.engine.js';
import { executionMigrations } from './jobs/execution.migrations.js';
import { JobQueue } from './jobs/job-queue.js';
import { JobSignals } from './jobs/job-signals.js';
import { JobStore } from './jobs/job.store.js';
import { ownIdentity } from './processes/instance-identity.js';
import { Capabilities } from './tools/capabilities.js';
import { InputStaging } from './work/input-staging.js';
import { JobRecovery } from './work/job-recovery.js';
import { ResultPublishing } from './work/result-publishing.js';
import { WorkerPool } from './work/worker-pool.js';

/** Runs pipelines: a durable queue, workers, and what clients follow a job by. */
export const executionService: BackendDefinition = {
  name: 'execution',
  migrations: executionMigrations,
  create: startExecution,
};

async function startExecution(context: ServiceContext): Promise<BackendService> {
  const { database, peers, clock, log, dataDir, settings } = context;
  const signals = new JobSignals();
  const store = new JobStore(database, clock, signals);
  const queue = new JobQueue(database, clock, signals, await ownIdentity());
  const engines = { native: new NativeEngine(), cwl: new CwlEngine(toolPath()) };
  const staging = new InputStaging(peers);
  const publishing = new ResultPublishing(peers);
  const attempts = { queue, staging, publishing, engines, clock, log, dataDir };
  const pool = new WorkerPool(attempts, signals, settings.executionWorkers);
  const recovery = new JobRecovery(queue, store, () => pool.running, dataDir, log);
  const capabilities = new Capabilities(toolPath(), clock);
  await recovery.start();
  capabilities.start();
  pool.start();
  const submission = new JobSubmission(store, peers, capabilities, new InputChecks(peers));
  const streams = new EventStreams(store, signals, clock);
  return {
    router: new ExecutionRoutes({ store, submission, streams, capabilities, dataDir }).router(),
    stop: async () => {
      await recovery.stop();
      await pool.stop();
      await capabilities.stop();
    },
  };
}
