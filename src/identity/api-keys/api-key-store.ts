import type { ApiKey } from './api-key.js';

/**
 * Where API keys are kept. Revoked and expired ones are as if they had never been. Every method fails with
 * `state_unavailable` when the store cannot answer.
 */
export abstract class ApiKeyStore {
  /** False when there are MAX_API_KEYS already. */
  abstract create(key: ApiKey): Promise<boolean>;
  /** Asked on every request, and counts as use; a promise only where the shared store must be asked. */
  abstract find(id: string): ApiKey | undefined | Promise<ApiKey | undefined>;
  /** Newest first. */
  abstract list(): Promise<readonly ApiKey[]>;
  /** False when there was none; once it resolves, every replica refuses the key. */
  abstract revoke(id: string): Promise<boolean>;
}

export const newestFirst = (keys: readonly ApiKey[]): ApiKey[] =>
  [...keys].sort((one, other) => other.createdAt - one.createdAt);
