import type { Readable } from 'node:stream';
import type { Identity } from '../service/identity.js';
import { BackendProblem } from '../service/problem.js';
import type { UploadStages } from './direct-upload.js';
import type { Inspection } from './inspection.js';
import { openingRow } from './upload-completion.js';
import type { UploadMetadata } from './upload-metadata.js';
import { contentProblem } from './upload.problems.js';
import type { UploadRow } from './upload.tables.js';

/** A client that opens ever new uploads and fills none is stopped here; the oldest are swept by age. */
const MAX_OPEN_PER_OWNER = 1_000;
/** Checks kept between two requests of one upload; the least recently used goes, and starts anew when it is needed. */
const MAX_INSPECTIONS = 64;

/** Uploads that come in pieces: the record is there from the start, the pieces are appended, the last one completes. */
export class ResumableUploads {
  private readonly inspections = new Map<string, Inspection>();

  constructor(private readonly stages: UploadStages) {}

  async open(id: string, identity: Identity, metadata: UploadMetadata, fileSize: number): Promise<UploadRow> {
    const { store, files, clock } = this.stages;
    const uploader = await store.uploaderOf(metadata, identity);
    if ((await store.countReceiving(identity.userId)) >= MAX_OPEN_PER_OWNER) {
      throw new BackendProblem(
        429,
        'too_many_uploads',
        'Finish or delete uploads before opening more.',
        {},
        { 'retry-after': '60' },
      );
    }
    await files.requireRoom(fileSize);
    const row = openingRow(id, uploader, metadata, fileSize, new Date(clock.now()));
    await (await files.openPartial(id)).close();
    await store.insert(row);
    return row;
  }

  /** Appends what arrives, flushed before it is acknowledged; a piece that breaks off keeps what came. Returns the new size. */
  async append(row: UploadRow, content: Readable): Promise<number> {
    const { files } = this.stages;
    const file = await files.openPartial(row.id);
    const inspection = this.inspectionOf(row.id);
    try {
      for await (const chunk of content as AsyncIterable<Buffer>) {
        await file.append(chunk);
        await inspection.advance(file.size);
        if (inspection.fault !== undefined) throw contentProblem(inspection.fault);
      }
    } catch (error) {
      await this.refuse(row, error);
      throw error;
    } finally {
      await file.flush();
      await file.close();
    }
    return file.size;
  }

  /** Checks and commits an upload whose last byte is there. Throws the refusal, which the record then shows. */
  async finish(row: UploadRow): Promise<UploadRow> {
    const { completion, files } = this.stages;
    try {
      return await completion.complete(row, this.inspectionOf(row.id), await files.receivedBytes(row.id));
    } catch (error) {
      await this.refuse(row, error);
      throw error;
    } finally {
      this.forget(row.id);
    }
  }

  async remove(row: UploadRow): Promise<void> {
    this.forget(row.id);
    await this.stages.store.remove(row.id);
    await this.stages.files.remove(row.id);
  }

  /** What is wrong with the file ends the upload; want of room or a broken connection does not. */
  private async refuse(row: UploadRow, error: unknown): Promise<void> {
    if (!(error instanceof BackendProblem) || error.status >= 500) return;
    this.forget(row.id);
    const { record, line } = error.members;
    await this.stages.store.fail(row.id, {
      code: error.code,
      detail: error.detail,
      record: typeof record === 'number' ? record : null,
      line: typeof line === 'number' ? line : null,
    });
    await this.stages.files.remove(row.id);
  }

  private inspectionOf(id: string): Inspection {
    const known = this.inspections.get(id);
    this.inspections.delete(id);
    const inspection =
      known === undefined || known.isLost ? this.stages.inspector.start(this.stages.files.partialPath(id)) : known;
    this.inspections.set(id, inspection);
    const oldest = this.inspections.keys().next().value;
    if (this.inspections.size > MAX_INSPECTIONS && oldest !== undefined) this.forget(oldest);
    return inspection;
  }

  private forget(id: string): void {
    this.inspections.get(id)?.cancel();
    this.inspections.delete(id);
  }
}
