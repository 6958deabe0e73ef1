import { createSecretKey } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { createSigner } from 'fast-jwt';
import { SECRET_ALGORITHM, type Signer } from '../tokens/token-keys.js';

const ISSUER = 'genoflow-gateway';
const AUDIENCE = 'genoflow-backends';
/**
 * Tells this token from access tokens, which the same key signs: no check of the one takes the other, whatever issuer and
 * audience are set to (RFC 8725 section 3.11).
 */
const TYPE = 'genoflow-identity+jwt';

/** Signs claims; at once and not by a promise, for a call waits for it. */
export type SignIdentity = (claims: object) => string;

/** By the key that signs access tokens where there is one, so that backends need no secret; else by the secret they share. */
export function identitySigner({ algorithm, kid, key }: Signer, identitySecret: string): SignIdentity {
  if (algorithm === SECRET_ALGORITHM) return bySecret(identitySecret);
  // Nest's JwtService stands on jsonwebtoken, which knows no EdDSA; jose signs by promises only.
  const pem = key.export({ format: 'pem', type: 'pkcs8' }) as string;
  return createSigner({ key: pem, algorithm, iss: ISSUER, aud: AUDIENCE, header: { alg: algorithm, typ: TYPE, kid } });
}

function bySecret(identitySecret: string): SignIdentity {
  const jwt = new JwtService({
    privateKey: createSecretKey(Buffer.from(identitySecret, 'utf8')),
    signOptions: {
      algorithm: SECRET_ALGORITHM,
      issuer: ISSUER,
      audience: AUDIENCE,
      header: { alg: SECRET_ALGORITHM, typ: TYPE },
    },
  });
  return (claims) => jwt.sign(claims);
}
