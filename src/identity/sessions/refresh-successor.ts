import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The secret of the refresh token that replaced another, sealed by the other's secret (AES-256-GCM): a store can keep it
 * and hand it back to whoever shows the old token, and cannot read it.
 */
export function sealSuccessor(successor: Buffer, old: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyFrom(old), nonce);
  return Buffer.concat([nonce, cipher.update(successor), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** Undefined where it was not sealed by this old secret. */
export function openSuccessor(sealed: string, old: Buffer): Buffer | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  try {
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, keyFrom(old), nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const keyFrom = (secret: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', 'genoflow refresh successor', 32));
