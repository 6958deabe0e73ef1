import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import type { Clock } from '../../kernel/clock.js';
import { tokenRefused } from '../identity.errors.js';
import { readAccessClaims, type AccessClaims } from './access-claims.js';
import { CLOCK_SKEW_SECONDS, TOKEN_ALGORITHM, type TokenKeys } from './token-keys.js';

interface TokenBearer {
  readonly token: string;
}

/**
 * The one place where a token's signature, algorithm, issuer and audience are checked: passport-jwt's strategy. It is
 * driven directly, as passport itself drives one (an heir of the strategy that carries the outcome's callbacks), since
 * passport's own middleware and Nest's AuthGuard want a request and response and cost more than the check; they would
 * also run on every request, where `AccessTokenVerifier` asks this strategy once per token.
 */
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') {
  constructor(
    keys: TokenKeys,
    private readonly clock: Clock,
  ) {
    super({
      jwtFromRequest: (bearer: unknown) => (bearer as TokenBearer).token,
      // The typings lag behind: jsonwebtoken 9 takes a KeyObject, and parses a string or Buffer anew on every call.
      secretOrKey: keys.key as unknown as Buffer,
      algorithms: [TOKEN_ALGORITHM],
      issuer: keys.issuer,
      audience: keys.audience,
      // Times are checked with the rest of the claims, by the gateway's clock.
      ignoreExpiration: true,
      jsonWebTokenOptions: { complete: true, ignoreNotBefore: true, clockTolerance: CLOCK_SKEW_SECONDS },
    });
  }

  /** Called by passport-jwt with the verified token, header included. */
  validate(token: unknown): AccessClaims {
    return readAccessClaims(token, this.clock.now());
  }

  /** Resolves to the token's claims or rejects with `invalid_token` or `expired_token`. */
  check(token: string): Promise<AccessClaims> {
    return new Promise((resolve, reject) => {
      const attempt = Object.assign(Object.create(this) as Strategy, {
        success: (claims: unknown) => {
          resolve(claims as AccessClaims);
        },
        fail: (challenge: unknown) => {
          reject(tokenRefused('invalid_token', challenge));
        },
        error: reject,
      });
      attempt.authenticate({ token } as never);
    });
  }
}
