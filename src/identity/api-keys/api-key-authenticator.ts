import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import type { Principal } from '../../kernel/principal.js';
import { ApiKeyRefused } from '../identity.errors.js';
import type { ApiKey } from './api-key.js';
import type { ApiKeyStore } from './api-key-store.js';
import { API_KEY_PREFIX, readApiKey, type PresentedApiKey } from './api-key-text.js';

/** Proves services by their API keys. */
export class ApiKeyAuthenticator {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly clock: Clock,
  ) {}

  /** Whether it is for this one to say who comes with the token. */
  isResponsible(token: string): boolean {
    return token.startsWith(API_KEY_PREFIX);
  }

  /** Without a promise where the key is known; throws or rejects with `invalid_token` or `state_unavailable`. */
  principalOf(token: string): Principal | Promise<Principal> {
    const presented = readApiKey(token);
    if (presented === undefined) throw new ApiKeyRefused(undefined);
    const key = this.keys.find(presented.id);
    return key instanceof Promise ? key.then((found) => this.#prove(presented, found)) : this.#prove(presented, key);
  }

  #prove(presented: PresentedApiKey, key: ApiKey | undefined): Principal {
    const isProven =
      key !== undefined && timingSafeEqual(presented.secretHash, key.secretHash) && this.clock.now() < key.expiresAt;
    if (!isProven) throw new ApiKeyRefused(presented.id);
    return key.principal;
  }
}
