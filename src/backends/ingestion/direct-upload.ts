import type { Readable } from 'node:stream';
import type { BackendClock } from '../service/clock.js';
import type { Identity } from '../service/identity.js';
import { newId } from '../service/identifiers.js';
import type { Inspection, Inspector } from './inspection.js';
import { openingRow, type UploadCompletion } from './upload-completion.js';
import type { UploadFiles } from './upload-files.js';
import type { UploadMetadata } from './upload-metadata.js';
import type { UploadStore } from './upload-store.js';
import { contentProblem, uploadTooLarge } from './upload.problems.js';
import type { UploadRow } from './upload.tables.js';

export interface UploadStages {
  readonly files: UploadFiles;
  readonly store: UploadStore;
  readonly inspector: Inspector;
  readonly completion: UploadCompletion;
  readonly clock: BackendClock;
  readonly maxBytes: number;
}

export interface IncomingFile {
  readonly metadata: UploadMetadata;
  readonly content: Readable;
  /** Bytes to come, where the client said so. */
  readonly length: number | undefined;
  /** Resolves when the rest of the message is known to be whole too. */
  readonly whole?: () => Promise<void>;
}

/**
 * A file in one request. Its record is written when the file is complete and checked; until then nothing but a partial
 * file exists, and every way out but that one removes it.
 */
export class DirectUpload {
  constructor(private readonly stages: UploadStages) {}

  async receive(incoming: IncomingFile, identity: Identity): Promise<UploadRow> {
    const { files, store, inspector, completion, clock, maxBytes } = this.stages;
    const { metadata, length = 0 } = incoming;
    if (length > maxBytes) throw uploadTooLarge(maxBytes);
    const uploader = await store.uploaderOf(metadata, identity);
    await files.requireRoom(length);
    const row = openingRow(newId('upl'), uploader, metadata, 0, new Date(clock.now()));
    let inspection: Inspection | undefined;
    try {
      // Made before the reader opens it.
      const file = await files.openPartial(row.id);
      inspection = inspector.start(files.partialPath(row.id));
      const size = await this.write(incoming, file, inspection).finally(() => file.close());
      return await completion.complete(row, inspection, size);
    } catch (error) {
      inspection?.cancel();
      await files.remove(row.id);
      throw error;
    }
  }

  private async write(
    incoming: IncomingFile,
    file: Awaited<ReturnType<UploadFiles['openPartial']>>,
    inspection: Inspection,
  ): Promise<number> {
    // The request must outlive a refusal, which is answered on it.
    for await (const chunk of incoming.content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (file.size + chunk.length > this.stages.maxBytes) throw uploadTooLarge(this.stages.maxBytes);
      await file.append(chunk);
      await inspection.advance(file.size);
      if (inspection.fault !== undefined) throw contentProblem(inspection.fault);
    }
    await incoming.whole?.();
    return file.size;
  }
}
