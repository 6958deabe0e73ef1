import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../../kernel/clock.js';
import type { Principal } from '../../kernel/principal.js';
import { ACCESS_TOKEN_TYPE, type TokenKeys } from './token-keys.js';

/** Signs access tokens (RFC 9068's type; claims sub, sid, roles, name, iss, aud, jti, iat, exp) with the newest key. */
export class AccessTokenIssuer {
  constructor(
    private readonly keys: TokenKeys,
    /** Life of a token in seconds. */
    readonly ttlSeconds: number,
    private readonly clock: Clock,
  ) {}

  issue(principal: Principal): Promise<string> {
    const { algorithm, kid, key } = this.keys.signer;
    const iat = Math.floor(this.clock.now() / 1000);
    const claims = {
      sub: principal.userId,
      sid: principal.sessionId,
      roles: [...principal.roles],
      name: principal.username,
      iss: this.keys.issuer,
      aud: this.keys.audience,
      jti: randomUUID(),
      iat,
      exp: iat + this.ttlSeconds,
    };
    const header = { alg: algorithm, typ: ACCESS_TOKEN_TYPE, ...(kid === undefined ? {} : { kid }) };
    return new SignJWT(claims).setProtectedHeader(header).sign(key);
  }
}
