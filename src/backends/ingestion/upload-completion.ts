import type { BackendClock } from '../service/clock.js';
import { BackendProblem } from '../service/problem.js';
import { namedType } from './named-type.js';
import type { ContentReport } from './content/inspect-file.js';
import type { Inspection } from './inspection.js';
import type { UploadFiles } from './upload-files.js';
import type { UploadStore } from './upload-store.js';
import { contentProblem } from './upload.problems.js';
import type { UploadRow } from './upload.tables.js';
import type { UploadMetadata } from './upload-metadata.js';

/** Who uploads, and into which project. */
export interface Uploader {
  readonly userId: string;
  readonly project: string;
}

/** A record as it begins; the declared size is 0 where none was declared. */
export const openingRow = (
  id: string,
  { userId: owner, project }: Uploader,
  metadata: UploadMetadata,
  fileSize: number,
  createdAt: Date,
): UploadRow => ({
  id,
  owner,
  project,
  status: 'receiving',
  sampleId: metadata.sample_id,
  fileName: metadata.file_name,
  fileType: metadata.file_type ?? null,
  compression: null,
  fileSize,
  sha256: null,
  expectedSha256: metadata.checksum ?? null,
  readCount: null,
  readNames: null,
  mateOf: metadata.mate_of ?? null,
  mateUploadId: null,
  error: null,
  createdAt,
  completedAt: null,
});

/** Turns a fully received file into a completed upload, or refuses it; the way is the same for every form of upload. */
export class UploadCompletion {
  constructor(
    private readonly files: UploadFiles,
    private readonly store: UploadStore,
    private readonly clock: BackendClock,
  ) {}

  /** Waits for the check, then commits file and record. Leaves the removal of a refused file to the caller. */
  async complete(row: UploadRow, inspection: Inspection, size: number): Promise<UploadRow> {
    const outcome = await inspection.finish(size);
    if (outcome.kind === 'fault') throw contentProblem(outcome.fault);
    const { report } = outcome;
    checkDeclarations(row, report);
    await this.files.commit(row.id);
    return this.store.complete({
      ...row,
      status: 'completed',
      fileType: report.fileType,
      compression: report.compression,
      fileSize: report.size,
      sha256: report.sha256,
      readCount: report.names?.count ?? null,
      readNames: report.names,
      completedAt: new Date(this.clock.now()),
    });
  }
}

function checkDeclarations(row: UploadRow, report: ContentReport): void {
  if (row.fileSize !== 0 && row.fileSize !== report.size) {
    throw new BackendProblem(
      422,
      'size_mismatch',
      `The file has ${report.size} bytes, not ${row.fileSize} as declared.`,
    );
  }
  if (row.expectedSha256 !== null && row.expectedSha256 !== report.sha256) {
    throw new BackendProblem(422, 'checksum_mismatch', 'The content does not have the declared SHA-256.');
  }
  const declared = row.fileType ?? namedType(row.fileName);
  if (declared !== undefined && declared !== report.fileType) {
    throw new BackendProblem(
      422,
      'file_type_mismatch',
      `The content is ${report.fileType}, not ${declared} as declared or named.`,
    );
  }
}
