import { createPrivateKey, createPublicKey, sign, verify, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { readJsonFile, type FileReading } from './json-file.js';

export type SigningAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** A key that signs access tokens, or did so until the next one came. */
export interface SigningKey {
  readonly kid: string;
  /** The key's only algorithm: no header of a token can have it used with another (RFC 8725 section 3.1). */
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const MAX_KEYS = 16;
/** RFC 7518 section 3.3. */
const MIN_RSA_BITS = 2_048;
const KID = /^[A-Za-z0-9._-]{1,128}$/;
const PROBE = Buffer.from('genoflow');

const shared = {
  kid: z.string().regex(KID, 'must be 1 to 128 characters of A-Z, a-z, 0-9, dot, underscore and hyphen'),
  use: z.literal('sig').optional(),
};
const JWK = z.discriminatedUnion('kty', [
  z.looseObject({ ...shared, kty: z.literal('RSA'), alg: z.literal('RS256').default('RS256') }),
  z.looseObject({
    ...shared,
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    alg: z.literal('ES256').default('ES256'),
  }),
  z.looseObject({
    ...shared,
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    alg: z.literal('EdDSA').default('EdDSA'),
  }),
]);
const KEY = JWK.transform(({ kid, alg, ...jwk }, context): SigningKey => {
  const key = keyFrom(kid, alg, jwk);
  if (typeof key !== 'string') return key;
  context.addIssue(key);
  return z.NEVER;
});
const JWK_SET = z.object(
  {
    keys: z
      .array(KEY)
      .min(1)
      .max(MAX_KEYS)
      .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'every kid must be another'),
  },
  'the file cannot be read as JSON of at most 256 KiB that holds a JWK Set',
);

/** Reads a JWK Set (RFC 7517) of private keys, of which the first signs. */
export function readSigningKeys(path: string): FileReading<readonly SigningKey[]> {
  const { content, faults } = readJsonFile('JWT_KEYS_FILE', path, JWK_SET);
  return content === undefined ? { faults } : { content: content.keys };
}

function keyFrom(kid: string, algorithm: SigningAlgorithm, jwk: JsonWebKey): SigningKey | string {
  try {
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
    if (bits < MIN_RSA_BITS) return `must have at least ${MIN_RSA_BITS} bits`;
    const publicKey = createPublicKey(privateKey);
    const digest = algorithm === 'EdDSA' ? null : 'sha256';
    // A public part of another key would sign tokens that nobody can verify.
    if (!verify(digest, PROBE, publicKey, sign(digest, PROBE, privateKey))) return NOT_WHOLE;
    return { kid, algorithm, privateKey, publicKey };
  } catch {
    return NOT_WHOLE;
  }
}

const NOT_WHOLE = 'is not a whole private key';
