import type { IncomingMessage } from 'node:http';
import { MemoryLocker, Metadata, Server, type ServerOptions, type Upload } from '@tus/server';
import type { Request, Response } from 'express';
import { identityOf } from '../service/identity.js';
import { newId } from '../service/identifiers.js';
import { BackendProblem } from '../service/problem.js';
import { validated } from '../service/validation.js';
import type { ResumableUploads } from './resumable-uploads.js';
import type { TusStore } from './tus-store.js';
import { UPLOAD_METADATA } from './upload-metadata.js';
import type { UploadStore } from './upload-store.js';

const TUS_VERSION = '1.0.0';

type TusRequest = Parameters<NonNullable<ServerOptions['onUploadFinish']>>[0];

export interface TusEndpoint {
  handle(request: Request, response: Response): Promise<void>;
}

/** The tus 1.0.0 protocol (core, creation, creation-with-upload, termination) at `upload` and `upload/{id}`. */
export function createTusEndpoint(
  tusStore: TusStore,
  uploads: ResumableUploads,
  store: UploadStore,
  maxBytes: number,
): TusEndpoint {
  const server = new Server({
    path: '/upload',
    datastore: tusStore,
    maxSize: maxBytes,
    locker: new MemoryLocker(),
    namingFunction: () => newId('upl'),
    // Relative to the request's own address, so that it holds under any prefix a gateway strips.
    generateUrl: (_request, { id }) => `upload/${id}`,
    // Thrown on, refusals leave as problem+json like all others.
    onResponseError: (_request, error) => {
      throw 'status_code' in error ? protocolProblem(error.status_code) : error;
    },
    onUploadCreate: async (request, upload) => {
      const metadata = validated(UPLOAD_METADATA, metadataOf(upload));
      await uploads.open(upload.id, identityOf(nodeRequest(request)), metadata, upload.size ?? 0);
      return {};
    },
    onIncomingRequest: async (request, id) => {
      if (request.method !== 'POST') await store.owned(id, identityOf(nodeRequest(request)));
    },
    onUploadFinish: async (_request, upload) => {
      const row = await store.find(upload.id);
      if (row?.status === 'receiving') await uploads.finish(row);
      return {};
    },
  });
  return {
    handle: async (request, response) => {
      try {
        checkProtocol(request);
        await server.handle(request, response);
      } catch (error) {
        if (!response.headersSent) response.set('tus-resumable', TUS_VERSION);
        throw error;
      }
    },
  };
}

/** tus clients send `filename` by custom; `filetype` is their browser's guess and counts for nothing. */
function metadataOf(upload: Upload): Record<string, unknown> {
  const given: Record<string, unknown> = { ...upload.metadata };
  delete given['filetype'];
  if ('filename' in given) {
    given['file_name'] ??= given['filename'];
    delete given['filename'];
  }
  return given;
}

const nodeRequest = (request: TusRequest): Request =>
  (request.runtime as { node?: { req: IncomingMessage } } | undefined)?.node?.req as Request;

/** Holds the protocol's fields to their form; the library would answer in plain text. */
function checkProtocol(request: Request): void {
  if (request.get('tus-resumable') !== TUS_VERSION) throw protocolProblem(412);
  for (const name of ['upload-offset', 'upload-length']) {
    const value = request.get(name);
    if (value !== undefined && !/^(0|[1-9]\d{0,14})$/.test(value)) throw protocolProblem(400);
  }
  const isPiece = request.method === 'PATCH';
  if (isPiece && request.get('content-type') !== 'application/offset+octet-stream') throw protocolProblem(403);
  const metadata = request.get('upload-metadata');
  if (metadata !== undefined && !isMetadata(metadata)) throw protocolProblem(400);
}

function isMetadata(text: string): boolean {
  try {
    Metadata.parse(text);
    return true;
  } catch {
    return false;
  }
}

const PROTOCOL: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  400: ['malformed_request', 'The request does not follow the tus protocol.'],
  403: ['malformed_request', 'Send Upload-Offset and Content-Type: application/offset+octet-stream.'],
  404: ['upload_not_found', 'There is no such upload.'],
  409: ['offset_conflict', 'Upload-Offset is not the size received so far; ask for it with HEAD.'],
  410: ['upload_not_found', 'There is no such upload.'],
  412: ['tus_version_unsupported', 'Send Tus-Resumable: 1.0.0.'],
  413: ['upload_too_large', 'The body goes beyond the size that was declared or allowed.'],
};

function protocolProblem(status: number): BackendProblem {
  const [code, detail] = PROTOCOL[status] ?? ['internal_error', 'The service met an unexpected error.'];
  return new BackendProblem(code === 'internal_error' ? 500 : status, code, detail);
}
