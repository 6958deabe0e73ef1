import { BackendProblem } from '../service/problem.js';

export const resultsNotFound = (): BackendProblem =>
  new BackendProblem(404, 'results_not_found', 'There are no results of this job, or it has not completed.');

export const fileNotFound = (): BackendProblem =>
  new BackendProblem(404, 'file_not_found', 'The job has no result file of this name.');

export const resultsCompleted = (): BackendProblem =>
  new BackendProblem(409, 'results_completed', 'The results of this job are complete and no longer change.');

/** A completion names a file that has not arrived, or has arrived with other bytes. */
export const fileNotReceived = (names: readonly string[]): BackendProblem =>
  new BackendProblem(409, 'file_not_received', 'A file of the manifest has not been received as described.', {
    files: names,
  });

export const checksumMismatch = (): BackendProblem =>
  new BackendProblem(422, 'checksum_mismatch', 'The bytes received do not have the sha256 that was announced.');

export const fileTooLarge = (): BackendProblem =>
  new BackendProblem(413, 'file_too_large', 'The file is larger than this service stores.');

export const storageFull = (): BackendProblem =>
  new BackendProblem(507, 'storage_full', 'There is no room left for results.');

export const bodyBrokeOff = (): BackendProblem =>
  new BackendProblem(400, 'malformed_body', 'The body broke off before its end.');

export const linkInvalid = (): BackendProblem =>
  new BackendProblem(403, 'link_invalid', 'This is not a download link of ours.');

export const linkExpired = (): BackendProblem =>
  new BackendProblem(410, 'link_expired', 'The download link has expired; ask for a new one.');

/** @param size bytes of the whole file (RFC 9110 section 14.4) */
export const rangeNotSatisfiable = (size: number): BackendProblem =>
  new BackendProblem(
    416,
    'range_not_satisfiable',
    'The file has no bytes in this range.',
    {},
    { 'content-range': `bytes */${size}` },
  );

export const preconditionFailed = (): BackendProblem =>
  new BackendProblem(412, 'precondition_failed', 'The file is not the one the request expects.');
