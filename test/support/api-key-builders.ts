import { apiKeyFrom, type ApiKey } from '../../src/identity/api-keys/api-key.js';
import { newApiKey } from '../../src/identity/api-keys/api-key-text.js';
import type { Clock } from '../../src/kernel/clock.js';

/** A key as a store keeps it, and the text that its holder shows. */
export function buildApiKey(clock: Clock, changes: Partial<ApiKey> = {}): { key: ApiKey; text: string } {
  const { text, id, secretHash } = newApiKey();
  const now = clock.now();
  const parts = {
    id,
    name: 'sequencer-7',
    scopes: ['qc:read'],
    projects: ['*'],
    createdBy: 'usr_1',
    secretHash,
  } as const;
  const key = apiKeyFrom({ ...parts, createdAt: now, expiresAt: now + 86_400_000, lastUsedAt: undefined, ...changes });
  return { key, text };
}
