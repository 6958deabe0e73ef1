import { createSigner } from 'fast-jwt';
import type { BackendClock } from '../clock.js';
import { AUDIENCE, GATEWAY, MAX_LIFE_SECONDS, PEER, TYPE } from '../identity-claims.js';
import type { Identity } from '../identity.js';

/** What the gateway signs where it has no keys; a peer's token for the kind `peer`. */
export function gatewayTokens(secret: string, clock: BackendClock): (identity: Identity) => string {
  const sign = createSigner({ key: secret, algorithm: 'HS256', aud: AUDIENCE, header: { alg: 'HS256', typ: TYPE } });
  return ({ kind, userId, username, sessionId, roles, projects }) => {
    const iss = kind === 'peer' ? PEER : GATEWAY;
    const iat = Math.floor(clock.now() / 1000);
    const who = { sub: userId, name: username, sid: sessionId, kind, roles, projects };
    return sign({ ...who, iss, iat, exp: iat + MAX_LIFE_SECONDS });
  };
}
