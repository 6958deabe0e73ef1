import type { Request, Response } from 'express';
import type { FileStore } from './file-store.js';
import { fileNotFound, preconditionFailed, rangeNotSatisfiable } from './results.problems.js';
import type { ResultFile } from './results.tables.js';

/** Header fields that describe the file and must not stand in a problem document's answer. */
const FILE_FIELDS = ['Accept-Ranges', 'Content-Disposition', 'Content-Range', 'ETag', 'Repr-Digest'];

/**
 * Answers with a stored file, or one range of it (RFC 9110 section 14). The ETag is the content's sha256, so it is
 * strong and good for If-Range. Several ranges at once are answered with the whole file, as the section allows.
 */
export async function sendResult(
  request: Request,
  response: Response,
  store: FileStore,
  jobId: string,
  file: ResultFile,
): Promise<void> {
  dropInapplicableRange(request);
  response.attachment(file.name).set({
    'content-type': file.media_type,
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-store',
    etag: `"${file.sha256}"`,
    'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
  });
  const error = await send(response, store.pathOf(jobId, file.sha256), store.root);
  if (error === undefined || response.headersSent || isClientGone(error)) return;
  for (const field of FILE_FIELDS) response.removeHeader(field);
  throw problemFor(error, file.size);
}

// Ranges are defined for GET only (section 14.2), and a weak validator never matches If-Range (section 13.1.5).
function dropInapplicableRange(request: Request): void {
  const ifRange = request.headers['if-range'];
  const isWeak = typeof ifRange === 'string' && ifRange.startsWith('W/');
  if (request.method !== 'GET' || isWeak) delete request.headers.range;
}

type SendError = Error & { status?: number; code?: string };

/** Resolves when the last byte has been handed to the socket, with the error if there was one. */
const send = (response: Response, path: string, root: string): Promise<SendError | undefined> =>
  new Promise((resolve) => {
    response.sendFile(
      path,
      { root, dotfiles: 'allow', cacheControl: false, lastModified: false, acceptRanges: true },
      (error?: Error) => {
        resolve(error);
      },
    );
  });

const isClientGone = (error: SendError): boolean => error.code === 'ECONNABORTED' || error.code === 'EPIPE';

function problemFor(error: SendError, size: number): Error {
  if (error.status === 416) return rangeNotSatisfiable(size);
  if (error.status === 412) return preconditionFailed();
  return error.status === 404 ? fileNotFound() : error;
}
