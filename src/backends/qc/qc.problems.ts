import { BackendProblem } from '../service/problem.js';
import { ASSAYS } from './engine/thresholds.js';

export const uploadNotFound = (): BackendProblem =>
  new BackendProblem(404, 'upload_not_found', 'No upload has this id.');

export const uploadNotReady = (): BackendProblem =>
  new BackendProblem(409, 'upload_not_ready', 'The upload is not complete.');

export const notFastq = (): BackendProblem => new BackendProblem(422, 'not_fastq', 'The upload is not a FASTQ file.');

export const matesMismatch = (detail: string): BackendProblem => new BackendProblem(422, 'mates_mismatch', detail);

export const unknownAssay = (): BackendProblem =>
  new BackendProblem(422, 'unknown_assay', 'There are no thresholds for this assay.', { assays: ASSAYS });

export const qcJobNotFound = (): BackendProblem =>
  new BackendProblem(404, 'qc_job_not_found', 'No quality control job has this id.');

export const queueFull = (): BackendProblem =>
  new BackendProblem(503, 'queue_full', 'Too many jobs are waiting.', {}, { 'retry-after': '60' });
