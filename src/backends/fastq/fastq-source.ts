import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FastqError } from './fastq-error.js';
import type { FastqInput } from './preprocess.types.js';

const READ_BYTES = 1 << 18;
const INFLATED_BYTES = 1 << 19;

/** Opens a path or takes a stream as it is; the caller iterates it once. */
export function openInput(input: FastqInput): AsyncIterable<Uint8Array> {
  return typeof input === 'string' ? createReadStream(input, { highWaterMark: READ_BYTES }) : input;
}

/**
 * The plain bytes of a FASTQ file. Gzip (RFC 1952, any number of members) is recognised by its first two bytes.
 * `onBytes` is told the size of each compressed piece as it is taken. Throws {@link FastqError} for damaged gzip.
 */
export async function* plainBytes(
  input: AsyncIterable<Uint8Array>,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const pieces = counted(input, onBytes);
  const first = await firstBytes(pieces);
  const whole = resumed(first, pieces);
  if (!(first[0] === 0x1f && first[1] === 0x8b)) {
    yield* whole;
    return;
  }
  const source = Readable.from(whole, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: INFLATED_BYTES });
  source.once('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw asFastqError(error);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function* counted(
  input: AsyncIterable<Uint8Array>,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of input) {
    onBytes?.(piece.length);
    yield piece;
  }
}

async function firstBytes(pieces: AsyncGenerator<Uint8Array>): Promise<Buffer> {
  let first = Buffer.alloc(0);
  while (first.length < 2) {
    const next = await pieces.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  return first;
}

async function* resumed(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* rest;
}

function asFastqError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (code === 'Z_BUF_ERROR') return new FastqError('gzip_truncated', null, 'the gzip stream ends too early');
  if (code === 'Z_DATA_ERROR') return new FastqError('gzip_corrupt', null, 'the gzip stream is damaged');
  return error;
}
