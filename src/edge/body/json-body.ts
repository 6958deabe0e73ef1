import type { HttpExchange } from '../exchange/http-exchange.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { isShallowJson } from './json-depth.js';

export const MAX_JSON_BYTES = 1_048_576;

/** Refuses, before a byte of the body is read, what could not become a JSON body; true where one is to be read. */
export function expectsJson(exchange: HttpExchange): boolean {
  const headers = exchange.requestHeaders;
  const length = headers['content-length'];
  if (length === undefined && headers['transfer-encoding'] === undefined) return false;
  if (length === '0') return false;
  if (!isJsonMediaType(headers['content-type']) || headers['content-encoding'] !== undefined) {
    throw new GatewayError('unsupported_media_type', {
      reason: 'This route takes application/json without a content coding.',
    });
  }
  if (Number(length ?? 0) > MAX_JSON_BYTES) throw tooLarge();
  return true;
}

export function isJsonMediaType(contentType: string | string[] | undefined): boolean {
  return typeof contentType === 'string' && /^application\/json\s*(;|$)/i.test(contentType);
}

/** Reads the whole body, at most 1 MiB and `deadlineMs` long; keeps the bytes as they came in `exchange.body`. */
export async function readJsonBody(exchange: HttpExchange, deadlineMs: number): Promise<unknown> {
  const bytes = await readBytes(exchange, deadlineMs);
  exchange.body = bytes;
  return parseJson(bytes);
}

function readBytes(exchange: HttpExchange, deadlineMs: number): Promise<Buffer> {
  const { request } = exchange;
  exchange.inviteBody();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const deadline = setTimeout(() => {
      finish(new GatewayError('request_timeout'));
    }, deadlineMs);
    const onData = (chunk: Buffer): void => {
      exchange.requestBytes += chunk.length;
      if (exchange.requestBytes > MAX_JSON_BYTES) finish(tooLarge());
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      finish(undefined);
    };
    const onGone = (reason?: Error): void => {
      finish(reason instanceof GatewayError ? reason : new GatewayError('client_gone'));
    };
    const finish = (error: GatewayError | undefined): void => {
      clearTimeout(deadline);
      request
        .off('data', onData)
        .off('end', onEnd)
        .off('error', onGone)
        .off('close', onGone)
        .on('error', () => undefined);
      if (error === undefined) resolve(Buffer.concat(chunks));
      else reject(error);
    };
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isShallowJson(bytes)) throw new GatewayError('body_too_deep');
  const value = decode(bytes);
  if (namesPrototype(value)) throw new GatewayError('malformed_body', { reason: 'A property is named __proto__.' });
  return value;
}

function decode(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new GatewayError('malformed_body', { cause });
  }
}

// The bytes go on as they came, and not every backend's parser is as careful with this name as ours.
function namesPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(namesPrototype);
}

const tooLarge = (): GatewayError => new GatewayError('body_too_large', { reason: 'A JSON body has at most 1 MiB.' });
