import type { Clock } from '../../kernel/clock.js';
import type { ExternalIssuers } from '../issuers/external-issuers.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import type { TokenKeys } from './token-keys.js';
import { TokenVerifier } from './token-verifier.js';
import type { TokenCheck } from './verified-token.js';

/** One verifier for the gateway's own tokens and those of the external issuers, which forgets when keys change. */
export function createTokenVerifier(keys: TokenKeys, issuers: ExternalIssuers, clock: Clock): TokenVerifier {
  const checks = new Map<string, TokenCheck>();
  const verifier = new TokenVerifier(checks, clock);
  const forget = (): void => {
    verifier.forget();
  };
  for (const [issuer, check] of issuers.checks(forget)) checks.set(issuer, check);
  checks.set(keys.issuer, new AccessTokenStrategy(keys, clock));
  keys.onReplaced(forget);
  return verifier;
}
