import { z } from 'zod';
import { DEFAULT_PROJECT } from '../service/resource-access.js';

const text = z.string().min(1).max(128);

/** `POST /analyze` */
export const ANALYZE_REQUEST = z.strictObject({
  sample_id: text,
  upload_id: text,
  mate_upload_id: text.nullish(),
  assay: text.nullish(),
});

export type AnalyzeRequest = z.output<typeof ANALYZE_REQUEST>;

/** What this service reads of ingestion's answer to `GET /upload/{id}`. */
export const UPLOAD = z.object({
  upload_id: text,
  status: z.enum(['receiving', 'completed', 'failed']),
  sample_id: z.string().max(256),
  project_id: z.string().max(64).default(DEFAULT_PROJECT),
  file_name: z.string().max(1024),
  file_type: z.string().max(64).nullish(),
  file_size: z.number().int().min(0),
  read_count: z.number().int().min(0).nullish(),
  mate_of: z.string().max(256).nullish(),
  mate_upload_id: z.string().max(256).nullish(),
});

export type Upload = z.output<typeof UPLOAD>;
