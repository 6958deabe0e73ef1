import { ApiProperty } from '@nestjs/swagger';
import { FILE_TYPES } from './upload.request.js';

/** Why an upload failed; record and line count from 1 in the decompressed text. */
export class UploadError {
  @ApiProperty({ example: 'fastq_truncated' })
  code: string;

  @ApiProperty()
  detail: string;

  @ApiProperty({ type: 'integer', nullable: true })
  record: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  line: number | null;
}

/** An upload as the ingestion service tells it. */
export class UploadResponse {
  @ApiProperty({ example: 'upl_01j9x3' })
  upload_id: string;

  @ApiProperty({ enum: ['receiving', 'completed', 'failed'] })
  status: 'receiving' | 'completed' | 'failed';

  @ApiProperty({ example: 'SAMPLE-001' })
  sample_id: string;

  @ApiProperty({ example: 'SAMPLE-001_R1.fastq.gz' })
  file_name: string;

  @ApiProperty({ enum: FILE_TYPES, nullable: true })
  file_type: string | null;

  @ApiProperty({ enum: ['gzip', 'none'], nullable: true })
  compression: string | null;

  @ApiProperty({ type: 'integer', format: 'int64', description: 'Bytes.' })
  file_size: number;

  @ApiProperty({ type: 'integer', format: 'int64' })
  received_bytes: number;

  @ApiProperty({ type: String, nullable: true, description: 'Hexadecimal.' })
  sha256: string | null;

  @ApiProperty({ description: 'True where the client sent a checksum and it was right.' })
  checksum_verified: boolean;

  @ApiProperty({ type: 'integer', nullable: true })
  read_count: number | null;

  @ApiProperty({ type: String, nullable: true })
  mate_of: string | null;

  @ApiProperty({ type: String, nullable: true })
  mate_upload_id: string | null;

  @ApiProperty()
  owner: string;

  @ApiProperty({ example: 'trio-study' })
  project_id: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  completed_at: string | null;

  @ApiProperty({ type: UploadError, nullable: true })
  error: UploadError | null;

  @ApiProperty({ required: false, description: 'Where a resumable upload takes its bytes (tus 1.0.0).' })
  upload_url: string;
}
