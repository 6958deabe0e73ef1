import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ID_BYTES = 16;
const SECRET_BYTES = 32;
const ID_PREFIX = 'key_';

/** Tells API keys from every other bearer token, and lets scanners of sources and logs find one that leaked. */
export const API_KEY_PREFIX = 'gfk_';

const FORM = /^gfk_(?<id>[0-9a-f]{32})(?<secret>[0-9a-f]{64})(?<checksum>[0-9a-f]{8})$/;

/** What somebody shows: whose secret it says it is, and the secret's SHA-256. */
export interface PresentedApiKey {
  readonly id: string;
  readonly secretHash: Buffer;
}

/**
 * `gfk_` and hexadecimal digits: id (128 bit), secret (256 bit), CRC-32 of both. The checksum tells a mistyped or made-up
 * key from a real one without a look at any store. The secret is random, so one round of SHA-256 is enough to keep it by.
 */
export function newApiKey(): PresentedApiKey & { readonly text: string } {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  const text = `${API_KEY_PREFIX}${id}${secret}${checksumOf(id + secret)}`;
  return { text, id: ID_PREFIX + id, secretHash: sha256(secret) };
}

/** Undefined for what cannot be a key. */
export function readApiKey(text: string): PresentedApiKey | undefined {
  const { id, secret, checksum } = FORM.exec(text)?.groups ?? {};
  if (id === undefined || secret === undefined || checksumOf(id + secret) !== checksum) return undefined;
  return { id: ID_PREFIX + id, secretHash: sha256(secret) };
}

const checksumOf = (text: string): string => crc32(text).toString(16).padStart(8, '0');

const sha256 = (secret: string): Buffer => createHash('sha256').update(secret, 'hex').digest();
