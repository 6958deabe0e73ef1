import type { UploadRow } from './upload.tables.js';

/** An upload as clients and peers see it. */
export const uploadForm = (row: UploadRow, receivedBytes: number): Record<string, unknown> => ({
  upload_id: row.id,
  status: row.status,
  sample_id: row.sampleId,
  file_name: row.fileName,
  file_type: row.fileType,
  compression: row.compression,
  file_size: row.fileSize,
  received_bytes: receivedBytes,
  sha256: row.sha256,
  checksum_verified: row.sha256 !== null && row.sha256 === row.expectedSha256,
  read_count: row.readCount,
  mate_of: row.mateOf,
  mate_upload_id: row.mateUploadId,
  owner: row.owner,
  project_id: row.project,
  created_at: row.createdAt.toISOString(),
  completed_at: row.completedAt?.toISOString() ?? null,
  error: row.error,
});
