import { buildApiKey } from '../../../test/support/api-key-builders.js';
import { buildAuthenticator, TEST_LIFE } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Principal } from '../../kernel/principal.js';
import type { Authenticator } from '../authentication/authenticator.js';
import { MemorySessionStore } from '../sessions/memory-session-store.js';
import type { ApiKey } from './api-key.js';
import type { ApiKeyStore } from './api-key-store.js';
import { newApiKey } from './api-key-text.js';

describe('a caller with an API key', () => {
  let clock: ManualClock;
  let key: ApiKey;
  let text: string;
  let later: boolean;
  let asked: string[];
  let authenticator: Authenticator;

  beforeEach(() => {
    clock = new ManualClock();
    ({ key, text } = buildApiKey(clock));
    later = false;
    asked = [];
    const find = (id: string): ApiKey | undefined | Promise<ApiKey | undefined> => {
      asked.push(id);
      const found = id === key.id ? key : undefined;
      return later ? Promise.resolve(found) : found;
    };
    const keys = { find } as unknown as ApiKeyStore;
    authenticator = buildAuthenticator(clock, new MemorySessionStore(TEST_LIFE, clock), { keys });
  });

  const authenticate = (token: string): Principal | Promise<Principal> =>
    authenticator.authenticate(['Authorization', `Bearer ${token}`]);
  const codeOf = async (token: string): Promise<string> => {
    try {
      return (await authenticate(token)).userId;
    } catch (error) {
      return (error as GatewayError).code;
    }
  };

  it('is the key itself, with its scopes, and known without a promise', () => {
    expect(authenticate(text)).toBe(key.principal);
    expect(key.principal).toEqual({
      userId: key.id,
      username: 'sequencer-7',
      sessionId: '',
      roles: ['service'],
      projects: ['*'],
      scopes: ['qc:read'],
    });
  });

  it('is known with a promise where the store has to be asked', async () => {
    later = true;
    expect(await authenticate(text)).toBe(key.principal);
    expect(await codeOf(newApiKey().text)).toBe('invalid_token');
  });

  it('is refused with another key’s secret under this key’s id', async () => {
    const digits = newApiKey().text.slice(36, 100);
    const mixed = text.slice(0, 36) + digits;
    expect(await codeOf(mixed + text.slice(-8))).toBe('invalid_token');
    expect(asked).toEqual([]);
    const { crc32 } = await import('node:zlib');
    expect(await codeOf(mixed + crc32(mixed.slice(4)).toString(16).padStart(8, '0'))).toBe('invalid_token');
    expect(asked).toEqual([key.id]);
  });

  it('is refused from the moment the key expires, whatever the store kept of it', async () => {
    clock.advance(key.expiresAt - clock.now() - 1);
    expect(await codeOf(text)).toBe(key.id);
    clock.advance(1);
    expect(await codeOf(text)).toBe('invalid_token');
  });

  it('is refused before any store is asked where it is no key', async () => {
    for (const near of ['gfk_', `gfk_${'0'.repeat(104)}`, `${text}x`, `gfk_${'a'.repeat(100_000)}`])
      expect(await codeOf(near)).toBe('invalid_token');
    expect(asked).toEqual([]);
  });

  it('cannot log out: its key ends otherwise', async () => {
    await expect(authenticator.takeBack(['Authorization', `Bearer ${text}`])).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});
