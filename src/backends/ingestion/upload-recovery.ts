import type { BackendLog } from '../service/log.js';
import type { UploadStages } from './direct-upload.js';
import type { ResumableUploads } from './resumable-uploads.js';

/** Longer than any pause a running upload is granted. */
const ORPHAN_MS = 60 * 60_000;
const STALE_MS = 7 * 24 * 60 * 60_000;

/** What a service that was killed left behind, put right at start and swept every hour. */
export class UploadRecovery {
  constructor(
    private readonly stages: UploadStages,
    private readonly resumable: ResumableUploads,
    private readonly log: BackendLog,
  ) {}

  /**
   * Finishes uploads whose last byte had arrived: the client has its acknowledgement, or will see the full offset and
   * not come back.
   */
  async finishReceived(): Promise<void> {
    const { store, files } = this.stages;
    for (const row of await store.receiving()) {
      if (await files.isCommitted(row.id)) await files.uncommit(row.id);
      if ((await files.receivedBytes(row.id)) !== row.fileSize) continue;
      await this.resumable.finish(row).catch((error: unknown) => {
        this.log.fault('recovered_upload_refused', error);
      });
    }
  }

  /** Removes files without a record an hour after their last byte, and unfinished uploads after a week. */
  async sweep(): Promise<void> {
    const { store, files, clock } = this.stages;
    const now = clock.now();
    for (const id of await files.untouchedSince(now - ORPHAN_MS)) {
      if ((await store.find(id)) === undefined) await files.remove(id);
    }
    const untouched = new Set(await files.untouchedSince(now - STALE_MS));
    for (const row of await store.receiving()) {
      const received = await files.receivedBytes(row.id);
      const isLeft = received === 0 || (received < row.fileSize && untouched.has(row.id));
      if (isLeft && row.createdAt.getTime() < now - STALE_MS) await this.resumable.remove(row);
    }
  }
}
