import type { Readable } from 'node:stream';
import { DataStore, Upload } from '@tus/server';
import { BackendProblem } from '../service/problem.js';
import type { ResumableUploads } from './resumable-uploads.js';
import type { UploadFiles } from './upload-files.js';
import type { UploadStore } from './upload-store.js';
import { uploadNotFound } from './upload.problems.js';
import type { UploadRow } from './upload.tables.js';

/**
 * The tus server's storage on our records and files. Not @tus/file-store: that keeps a JSON file beside each upload,
 * does not flush, and tells a full disk as any other failure.
 */
export class TusStore extends DataStore {
  constructor(
    private readonly uploads: ResumableUploads,
    private readonly store: UploadStore,
    private readonly files: UploadFiles,
  ) {
    super();
    this.extensions = ['creation', 'creation-with-upload', 'termination'];
  }

  /** The record was made by the creation hook, which knows the caller. */
  override create(upload: Upload): Promise<Upload> {
    return Promise.resolve(upload);
  }

  override async getUpload(id: string): Promise<Upload> {
    const row = await this.require(id);
    if (row.status === 'failed')
      throw new BackendProblem(410, 'upload_failed', 'The upload was refused; open a new one.');
    const offset = row.status === 'completed' ? row.fileSize : await this.files.receivedBytes(id);
    return new Upload({ id, size: row.fileSize, offset, creation_date: row.createdAt.toISOString() });
  }

  override async write(content: Readable, id: string, offset: number): Promise<number> {
    const row = await this.require(id);
    return row.status === 'receiving' ? this.uploads.append(row, content) : offset;
  }

  override async remove(id: string): Promise<void> {
    const row = await this.require(id);
    if (row.status === 'completed') {
      throw new BackendProblem(409, 'upload_completed', 'A completed upload is kept; it cannot be terminated.');
    }
    await this.uploads.remove(row);
  }

  private async require(id: string): Promise<UploadRow> {
    const row = await this.store.find(id);
    if (row === undefined) throw uploadNotFound();
    return row;
  }
}
