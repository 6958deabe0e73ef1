import type { BackendClock } from './clock.js';
import { GatewayKeys } from './gateway-keys.js';
import { IdentityTokens } from './identity-tokens.js';
import { keySourceAt } from './key-sources.js';
import type { BackendLog } from './log.js';
import type { BackendSettings } from './settings.js';

/** One for all services of a process: they share the gateway's keys and what has been verified. */
export function openIdentityTokens(settings: BackendSettings, clock: BackendClock, log: BackendLog): IdentityTokens {
  const { identitySecret, gatewayJwksUrl } = settings;
  const keys = gatewayJwksUrl === undefined ? undefined : new GatewayKeys(keySourceAt(gatewayJwksUrl), clock, log);
  return new IdentityTokens(identitySecret, clock, keys);
}
