import { z } from 'zod';
import { PROJECT_ID } from '../service/resource-access.js';

const identifier = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    'must be an identifier of 1 to 128 letters, digits, dots, underscores and hyphens',
  );

/** A name to show, never a path: no separators, no control characters. */
const fileName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^/\\\u0000-\u001f\u007f]+$/, 'must be a plain file name')
  .refine((name) => name !== '.' && name !== '..', 'must be a plain file name');

const checksum = z
  .string()
  .regex(/^sha256:[0-9a-fA-F]{64}$/, 'must be sha256: and 64 hexadecimal digits')
  .transform((text) => text.slice('sha256:'.length).toLowerCase());

const FIELDS = {
  sample_id: identifier,
  file_name: fileName,
  mate_of: identifier.optional(),
  checksum: checksum.optional(),
  project_id: z.string().regex(PROJECT_ID, 'must be the id of a project').optional(),
  file_type: z.enum(['fastq', 'fasta', 'bam', 'cram', 'vcf']).optional(),
};

/** What a client says about a file: in the query, in form fields or in tus metadata. */
export const UPLOAD_METADATA = z.strictObject(FIELDS);

/** The JSON form, which opens a resumable upload. */
export const UPLOAD_OPENING = z.strictObject({
  ...FIELDS,
  file_size: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
});

export type UploadMetadata = z.output<typeof UPLOAD_METADATA>;
