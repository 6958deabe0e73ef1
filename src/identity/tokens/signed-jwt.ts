import { errors, jwtVerify, type JWTVerifyGetKey, type JWTVerifyResult } from 'jose';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { tokenRefused } from '../identity.errors.js';
import { CLOCK_SKEW_SECONDS } from './token-keys.js';

export interface Expectations {
  readonly algorithms: readonly string[];
  readonly issuer: string;
  readonly audience: string;
}

/**
 * The one place where the signature of a token is checked, whoever issued it: jose, with algorithms, issuer and audience
 * pinned. `keyOf` picks the key by the header. Rejects with `invalid_token`, `expired_token` or `keyOf`'s own GatewayError.
 */
export async function verifySignedJwt(
  token: string,
  keyOf: JWTVerifyGetKey,
  { algorithms, issuer, audience }: Expectations,
  now: number,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keyOf, {
      algorithms: [...algorithms],
      issuer,
      audience,
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(now),
    });
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw tokenRefused(error instanceof errors.JWTExpired ? 'expired_token' : 'invalid_token', error);
  }
}
