import type { KeyObject } from 'node:crypto';
import { PassportStrategy } from '@nestjs/passport';
import type { JWTHeaderParameters } from 'jose';
import { Strategy } from 'passport-jwt';
import type { Clock } from '../../kernel/clock.js';
import { tokenRefused } from '../identity.errors.js';
import { readAccessClaims } from './access-claims.js';
import { verifySignedJwt } from './signed-jwt.js';
import { OWN_ALGORITHMS, type TokenKeys } from './token-keys.js';
import type { SessionToken, TokenCheck } from './verified-token.js';

interface TokenBearer {
  readonly token: string;
}

const tokenOf = (bearer: unknown): string => (bearer as TokenBearer).token;

/**
 * Checks tokens of the gateway's own: passport-jwt's strategy with jose in place of its jsonwebtoken, which knows no
 * EdDSA. It is asked directly and once per token; passport's middleware and Nest's AuthGuard want a request and a
 * response, run on every request and cost more than the check.
 */
export class AccessTokenStrategy extends PassportStrategy(Strategy, 'access-token') implements TokenCheck {
  constructor(
    private readonly keys: TokenKeys,
    private readonly clock: Clock,
  ) {
    super({
      jwtFromRequest: tokenOf,
      secretOrKeyProvider: (_request, _token, done) => {
        done(new Error('jsonwebtoken has no part in this'));
      },
    });
  }

  /** Where passport comes in, on an heir of this object (so nothing here may be #private), with what bears the token. */
  override authenticate(bearer: unknown): void {
    this.check(tokenOf(bearer)).then(
      (token) => {
        this.success(token);
      },
      (refusal: unknown) => {
        this.error(refusal as Error);
      },
    );
  }

  async check(token: string): Promise<SessionToken> {
    const now = this.clock.now();
    const { issuer, audience } = this.keys;
    const expected = { algorithms: OWN_ALGORITHMS, issuer, audience };
    return this.validate(await verifySignedJwt(token, (header) => keyFor(this.keys, header), expected, now), now);
  }

  validate(verified: unknown, now: number): SessionToken {
    return readAccessClaims(verified, now);
  }
}

function keyFor(keys: TokenKeys, { alg, kid }: JWTHeaderParameters): KeyObject {
  const key = keys.find(alg, kid);
  if (key === undefined) throw tokenRefused('invalid_token');
  return key;
}
