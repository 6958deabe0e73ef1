import {
  createHmac,
  generateKeyPairSync,
  sign as signBytes,
  type JsonWebKey,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import type { SigningAlgorithm, SigningKey } from '../../src/kernel/config/signing-keys.js';

export const encoded = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** Makes the signature over `header.payload`. */
export type Sign = (content: string) => Buffer;

/** A compact JWS over any header and payload whatever, signed by hand so that no library can refuse to make it. */
export function jws(header: unknown, payload: unknown, sign: Sign): string {
  const content = `${encoded(header)}.${encoded(payload)}`;
  return `${content}.${sign(content).toString('base64url')}`;
}

export const byHmac =
  (key: string | Buffer | KeyObject, digest = 'sha256'): Sign =>
  (content) =>
    createHmac(digest, key).update(content).digest();

export const unsigned: Sign = () => Buffer.alloc(0);

/** By the private key as its algorithm has it (RFC 7518 section 3, RFC 8037). */
export function byKey(key: KeyObject, digest = 'sha256'): Sign {
  const input: SignKeyObjectInput = key.asymmetricKeyType === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : { key };
  return (content) => signBytes(key.asymmetricKeyType === 'ed25519' ? null : digest, Buffer.from(content), input);
}

export interface TestKey extends SigningKey {
  /** As JWT_KEYS_FILE has it. */
  readonly jwk: JsonWebKey & { kid: string };
  /** As a JWK Set shows it to the world. */
  readonly publicJwk: JsonWebKey & { kid: string };
}

const PAIRS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const satisfies Record<SigningAlgorithm, () => { privateKey: KeyObject; publicKey: KeyObject }>;

export function testKey(kid: string, algorithm: SigningAlgorithm = 'EdDSA'): TestKey {
  const { privateKey, publicKey } = PAIRS[algorithm]();
  const shared = { kid, alg: algorithm, use: 'sig' };
  return {
    kid,
    algorithm,
    privateKey,
    publicKey,
    jwk: { ...privateKey.export({ format: 'jwk' }), ...shared },
    publicJwk: { ...publicKey.export({ format: 'jwk' }), ...shared },
  };
}

export const keysFile = (...keys: readonly TestKey[]): string => JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
