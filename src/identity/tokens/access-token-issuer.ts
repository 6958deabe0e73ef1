import { randomUUID } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import type { Clock } from '../../kernel/clock.js';
import type { Principal } from '../../kernel/principal.js';
import { ACCESS_TOKEN_TYPE, TOKEN_ALGORITHM, type TokenKeys } from './token-keys.js';

/** Signs access tokens (RFC 9068's type; claims sub, sid, roles, name, iss, aud, jti, iat, exp). */
export class AccessTokenIssuer {
  readonly #jwt: JwtService;

  constructor(
    keys: TokenKeys,
    /** Life of a token in seconds. */
    readonly ttlSeconds: number,
    private readonly clock: Clock,
  ) {
    this.#jwt = new JwtService({
      privateKey: keys.key,
      signOptions: {
        algorithm: TOKEN_ALGORITHM,
        header: { alg: TOKEN_ALGORITHM, typ: ACCESS_TOKEN_TYPE },
        issuer: keys.issuer,
        audience: keys.audience,
      },
    });
  }

  issue(principal: Principal): string {
    const iat = Math.floor(this.clock.now() / 1000);
    return this.#jwt.sign({
      sub: principal.userId,
      sid: principal.sessionId,
      roles: principal.roles,
      name: principal.username,
      jti: randomUUID(),
      iat,
      exp: iat + this.ttlSeconds,
    });
  }
}
