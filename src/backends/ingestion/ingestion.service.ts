import type { BackendDefinition } from '../service/backend-service.js';
import type { UploadStages } from './direct-upload.js';
import { ingestionRoutes } from './ingestion.routes.js';
import { LocalInspector } from './local-inspector.js';
import { ResumableUploads } from './resumable-uploads.js';
import { ThreadInspector } from './thread-inspector.js';
import { createTusEndpoint } from './tus-endpoint.js';
import { TusStore } from './tus-store.js';
import { UploadCompletion } from './upload-completion.js';
import { UploadFiles } from './upload-files.js';
import { UploadRecovery } from './upload-recovery.js';
import { UploadStore } from './upload-store.js';
import { INGESTION_MIGRATIONS } from './upload.tables.js';

const SWEEP_INTERVAL_MS = 60 * 60_000;

/** Receives, checks and keeps sequencing files. One service per data directory. */
export const ingestionService: BackendDefinition = {
  name: 'ingestion',
  migrations: INGESTION_MIGRATIONS,
  async create({ database, dataDir, settings, clock, log }) {
    const files = await UploadFiles.in(dataDir);
    const store = new UploadStore(database);
    const { ingestionWorkers, uploadMaxBytes: maxBytes } = settings;
    const inspector = ingestionWorkers === 0 ? new LocalInspector() : new ThreadInspector(ingestionWorkers);
    const stages: UploadStages = {
      files,
      store,
      inspector,
      clock,
      maxBytes,
      completion: new UploadCompletion(files, store, clock),
    };
    const resumable = new ResumableUploads(stages);
    const recovery = new UploadRecovery(stages, resumable, log);
    const told = (error: unknown): void => {
      log.fault('recovery_failed', error);
    };
    await recovery.sweep();
    const finishing = recovery.finishReceived().catch(told);
    const sweeping = setInterval(() => {
      recovery.sweep().catch(told);
    }, SWEEP_INTERVAL_MS);
    sweeping.unref();
    const tus = createTusEndpoint(new TusStore(resumable, store, files), resumable, store, maxBytes);
    return {
      router: ingestionRoutes(stages, resumable, tus),
      stop: async () => {
        clearInterval(sweeping);
        await inspector.close();
        await finishing;
      },
    };
  },
};
