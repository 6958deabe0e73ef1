import { BackendProblem } from '../service/problem.js';
import type { FieldError } from '../service/validation.js';

export const jobNotFound = (): BackendProblem => new BackendProblem(404, 'job_not_found', 'No job has this id.');

export const jobFinished = (): BackendProblem =>
  new BackendProblem(409, 'job_finished', 'The job has ended, or its results are being recorded.');

export const queueFull = (): BackendProblem =>
  new BackendProblem(503, 'queue_full', 'Too many jobs are waiting.', {}, { 'retry-after': '60' });

export const keyReused = (): BackendProblem =>
  new BackendProblem(422, 'idempotency_key_reused', 'This Idempotency-Key came with another request before.');

export const pipelineNotRunnable = (missing: readonly { tool: string; reason: string }[]): BackendProblem =>
  new BackendProblem(
    409,
    'pipeline_not_runnable',
    `The pipeline cannot run here; missing: ${missing.map(({ tool }) => tool).join(', ')}.`,
    { missing },
  );

export const inputMissing = (errors: readonly FieldError[]): BackendProblem =>
  new BackendProblem(422, 'input_missing', 'The pipeline needs inputs that the job does not name.', { errors });

export const inputNotReady = (pointer: string): BackendProblem =>
  new BackendProblem(409, 'input_not_ready', 'An input has not been received completely.', {
    errors: [{ pointer, detail: 'The upload is not completed.' }],
  });

export const fileTypeMismatch = (pointer: string, accepted: readonly string[]): BackendProblem =>
  new BackendProblem(422, 'file_type_mismatch', 'An input is of a type that the pipeline does not take.', {
    errors: [{ pointer, detail: `must be ${accepted.join(' or ')}` }],
  });

export const sampleMismatch = (pointer: string): BackendProblem =>
  new BackendProblem(422, 'sample_mismatch', 'An input was uploaded for another sample.', {
    errors: [{ pointer, detail: 'The upload names another sample_id than the job.' }],
  });

export const matesMismatch = (detail: string): BackendProblem => new BackendProblem(422, 'mates_mismatch', detail);

export const tooManyStreams = (): BackendProblem =>
  new BackendProblem(429, 'too_many_streams', 'Too many event streams are open.', {}, { 'retry-after': '10' });
