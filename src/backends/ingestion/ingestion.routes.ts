import { Router, type Request, type Response } from 'express';
import { identityOf, requirePlatform } from '../service/identity.js';
import { newId } from '../service/identifiers.js';
import { BackendProblem } from '../service/problem.js';
import { validated } from '../service/validation.js';
import { DirectUpload, type IncomingFile, type UploadStages } from './direct-upload.js';
import { readMultipart } from './multipart.js';
import type { ResumableUploads } from './resumable-uploads.js';
import type { TusEndpoint } from './tus-endpoint.js';
import { UPLOAD_METADATA, UPLOAD_OPENING } from './upload-metadata.js';
import { uploadForm } from './upload.form.js';
import { uploadNotFound, uploadTooLarge } from './upload.problems.js';

const PREFIX = /^(\/[A-Za-z0-9._~-]+)+$/;

export function ingestionRoutes(stages: UploadStages, resumable: ResumableUploads, tus: TusEndpoint): Router {
  const router = Router();
  const direct = new DirectUpload(stages);
  const { store, files } = stages;

  router.post('/upload', async (request, response) => {
    if (request.headers['tus-resumable'] !== undefined) return tus.handle(request, response);
    if (request.is('application/json') !== false) return open(request, response, stages, resumable);
    const identity = identityOf(request);
    const row = await direct.receive(await incomingFile(request), identity);
    response.status(201).location(`upload/${row.id}`).json(uploadForm(row, row.fileSize));
  });

  // Before the GET route, which would answer HEAD too.
  const piece = (request: Request, response: Response): Promise<void> => tus.handle(request, response);
  router.route('/upload/:upload_id').head(piece).patch(piece).delete(piece);

  router.get('/upload/:upload_id', async (request, response) => {
    const row = await store.visible(request.params.upload_id, identityOf(request));
    const received = row.status === 'completed' ? row.fileSize : await files.receivedBytes(row.id);
    response.set('cache-control', 'no-store').json(uploadForm(row, received));
  });

  router.get('/upload/:upload_id/content', async (request, response) => {
    requirePlatform(identityOf(request));
    const row = await store.find(request.params.upload_id);
    if (row === undefined) throw uploadNotFound();
    if (row.status !== 'completed') throw new BackendProblem(409, 'upload_not_ready', 'The upload is not completed.');
    await sendContent(response, files.complete, row.id);
  });

  return router;
}

async function open(
  request: Request,
  response: Response,
  stages: UploadStages,
  resumable: ResumableUploads,
): Promise<void> {
  const { file_size: fileSize, ...metadata } = validated(UPLOAD_OPENING, request.body);
  if (fileSize > stages.maxBytes) throw uploadTooLarge(stages.maxBytes);
  const row = await resumable.open(newId('upl'), identityOf(request), metadata, fileSize);
  const prefix = request.get('x-forwarded-prefix') ?? '';
  const base = PREFIX.test(prefix) ? prefix : '';
  response
    .status(201)
    .location(`upload/${row.id}`)
    .json({ ...uploadForm(row, 0), upload_url: `${base}/upload/${row.id}` });
}

async function incomingFile(request: Request): Promise<IncomingFile> {
  const coding = request.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') {
    throw new BackendProblem(
      415,
      'unsupported_media_type',
      'Send compressed files as they are, without a content coding.',
    );
  }
  if (request.is('multipart/form-data') !== false) return readMultipart(request);
  const length = request.get('content-length');
  return {
    metadata: validated(UPLOAD_METADATA, request.query),
    content: request,
    length: length === undefined ? undefined : Number(length),
  };
}

/** With Content-Length and Range (RFC 9110 section 14). */
function sendContent(response: Response, directory: string, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = {
      root: directory,
      cacheControl: false,
      etag: false,
      lastModified: false,
      headers: { 'content-type': 'application/octet-stream' },
    };
    response.sendFile(id, options, (error: Error | undefined) => {
      // A reader that went away is nobody's fault.
      if (error === undefined || response.headersSent) resolve();
      else reject(rangeProblem(error));
    });
  });
}

const rangeProblem = (error: Error): Error =>
  (error as { status?: number }).status === 416
    ? new BackendProblem(416, 'range_not_satisfiable', 'The range lies outside the file.')
    : error;
