import { BackendProblem } from '../service/problem.js';
import type { ContentFault, ContentFaultCode } from './content/content-fault.js';

const STATUS: Partial<Record<ContentFaultCode, number>> = { unsupported_file_type: 415, upload_too_large: 413 };

export const contentProblem = (fault: ContentFault): BackendProblem =>
  new BackendProblem(STATUS[fault.code] ?? 422, fault.code, fault.detail, placeOf(fault));

const placeOf = ({ record, line }: ContentFault): Record<string, number> => ({
  ...(record === null ? {} : { record }),
  ...(line === null ? {} : { line }),
});

/** For unknown ids and for others' uploads alike. */
export const uploadNotFound = (): BackendProblem =>
  new BackendProblem(404, 'upload_not_found', 'There is no such upload.');

export const uploadTooLarge = (maxBytes: number): BackendProblem =>
  new BackendProblem(413, 'upload_too_large', `A file may have at most ${maxBytes} bytes.`, { max_bytes: maxBytes });

export const storageFull = (): BackendProblem =>
  new BackendProblem(507, 'storage_full', 'There is no room for this file.', {}, { 'retry-after': '600' });

export const matesMismatch = (detail: string, record?: number): BackendProblem =>
  new BackendProblem(422, 'mates_mismatch', detail, record === undefined ? {} : { record });

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** A failed write as the client should know it: 507 when there is no room, else the error itself. */
export const writeProblem = (error: unknown): unknown =>
  NO_ROOM.has((error as NodeJS.ErrnoException | undefined)?.code ?? '') ? storageFull() : error;
