import type { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import type { Request } from 'express';
import { BackendProblem } from '../service/problem.js';
import { invalidRequest, validated } from '../service/validation.js';
import type { IncomingFile } from './direct-upload.js';
import { UPLOAD_METADATA } from './upload-metadata.js';

const LIMITS = { fieldNameSize: 64, fieldSize: 1_024, fields: 10, files: 1, parts: 12, headerPairs: 32 };

const malformed = (): BackendProblem =>
  new BackendProblem(400, 'malformed_body', 'The multipart body is not well-formed.');

/**
 * Reads a multipart/form-data message (RFC 7578) up to its file part, whose content is then streamed: the fields that
 * describe the file come before it, in the form or in the query.
 */
export function readMultipart(request: Request): Promise<IncomingFile> {
  return new Promise((resolve, reject) => {
    const parser = parserFor(request);
    const fields: Record<string, unknown> = { ...request.query };
    let file: Readable | undefined;
    const finished = new Promise<void>((whole, broken) => {
      const fail = (error: Error): void => {
        file?.destroy(error);
        broken(error);
        reject(error);
      };
      parser.once('finish', () => {
        reject(invalidRequest([{ pointer: '/file', detail: 'is required' }]));
        whole();
      });
      parser.once('error', () => {
        fail(malformed());
      });
      for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
        parser.once(limit, () => {
          fail(malformed());
        });
      // `pipe` does not pass on that the client has gone.
      request.once('close', () => {
        if (!request.complete) fail(new BackendProblem(400, 'malformed_body', 'The body broke off.'));
      });
      parser.on('field', (name, value) => {
        if (file !== undefined) fail(invalidRequest([{ pointer: '/file', detail: 'must be the last part' }]));
        else fields[name] = value;
      });
    });
    finished.catch(() => undefined);
    parser.on('file', (name, content, fileName) => {
      file = content;
      // Errors reach whoever reads; a part that is refused before it is read must not end the process.
      content.on('error', () => undefined);
      try {
        if (name !== 'file') throw invalidRequest([{ pointer: '/file', detail: 'is the only file part there may be' }]);
        const metadata = validated(UPLOAD_METADATA, { file_name: fileName, ...fields });
        resolve({ metadata, content, length: undefined, whole: () => finished });
      } catch (error) {
        content.resume();
        reject(error instanceof Error ? error : malformed());
      }
    });
    request.pipe(parser);
  });
}

function parserFor(request: Request): BusboyInstance {
  try {
    return new Busboy({ headers: request.headers as BusboyHeaders, limits: LIMITS });
  } catch {
    throw malformed();
  }
}
