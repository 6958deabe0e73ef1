import { errors, type JSONWebKeySet } from 'jose';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { testKey, type TestKey } from '../../../test/support/token-builders.js';
import type { GatewayError } from '../../kernel/errors/gateway-error.js';
import { verificationKeysRead } from '../../kernel/events.js';
import { COOLDOWN_MS, IssuerKeys, REFRESH_MS, RETRY_MS, USABLE_MS } from './issuer-keys.js';

const [old, next] = [testKey('old', 'ES256'), testKey('next', 'ES256')];

describe('IssuerKeys', () => {
  let clock: ManualClock;
  let published: readonly TestKey[];
  let isDown: boolean;
  let fetches: number;
  let keys: IssuerKeys;
  let replaced: number;
  const outcomes: string[] = [];
  const unsubscribe = verificationKeysRead.subscribe(({ outcome }) => outcomes.push(outcome));
  afterAll(() => {
    unsubscribe();
  });

  const fetchKeys = async (): Promise<JSONWebKeySet> => {
    fetches += 1;
    await new Promise((resume) => setImmediate(resume));
    if (isDown) throw new Error('no answer');
    return { keys: published.map(({ publicJwk }) => publicJwk) };
  };

  beforeEach(() => {
    clock = new ManualClock();
    published = [old];
    isDown = false;
    fetches = 0;
    replaced = 0;
    outcomes.length = 0;
    keys = new IssuerKeys('https://id.example', fetchKeys, clock);
    keys.onReplaced(() => {
      replaced += 1;
    });
  });

  const find = (kid: string): Promise<string> =>
    keys.find({ alg: 'ES256', kid }).then(
      () => 'found',
      (error: unknown) => (error instanceof errors.JOSEError ? error.code : (error as GatewayError).code),
    );
  const UNKNOWN = 'ERR_JWKS_NO_MATCHING_KEY';

  it('reads once for all who come before there are keys', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, () => find('old')))).toEqual(Array(50).fill('found'));
    expect(fetches).toBe(1);
  });

  it('reads at once for an unknown kid, and finds the key that has come', async () => {
    await find('old');
    clock.advance(COOLDOWN_MS);
    published = [old, next];
    expect(await Promise.all(Array.from({ length: 50 }, () => find('next')))).toEqual(Array(50).fill('found'));
    expect(fetches).toBe(2);
    expect(outcomes).toEqual(['changed', 'changed']);
  });

  it('does not let made-up kids hammer the issuer: one reading in each cooldown, the known keys go on', async () => {
    await find('old');
    for (let second = 0; second < 60; second += 1) {
      clock.advance(1_000);
      const made = await Promise.all(Array.from({ length: 20 }, (_, at) => find(`made-up-${second}-${at}`)));
      expect(new Set(made)).toEqual(new Set([UNKNOWN]));
    }
    expect(fetches).toBe(1 + 60_000 / COOLDOWN_MS);
    expect(await find('old')).toBe('found');
  });

  it('does not hammer an issuer that is away either', async () => {
    isDown = true;
    for (let second = 0; second < 60; second += 1) {
      expect(await find('old')).toBe('issuer_unavailable');
      clock.advance(1_000);
    }
    expect(fetches).toBe(60_000 / COOLDOWN_MS);
    isDown = false;
    expect(await find('old')).toBe('found');
  });

  it('refreshes in the background at its age, and drops a key that was removed', async () => {
    await keys.refreshIfDue();
    published = [next];
    clock.advance(REFRESH_MS * 0.9 - 1);
    await keys.refreshIfDue();
    expect([fetches, await find('old')]).toEqual([1, 'found']);
    clock.advance(REFRESH_MS * 0.1 + 1);
    await keys.refreshIfDue();
    expect([fetches, replaced]).toEqual([2, 2]);
    expect([await find('old'), await find('next')]).toEqual([UNKNOWN, 'found']);
  });

  it('tells nobody to forget anything where the keys are the same', async () => {
    await keys.refreshIfDue();
    clock.advance(REFRESH_MS);
    await keys.refreshIfDue();
    expect(outcomes).toEqual(['changed', 'unchanged']);
    expect(replaced).toBe(1);
  });

  it('keeps its keys through an outage, asks again every half minute, and recovers', async () => {
    await keys.refreshIfDue();
    isDown = true;
    clock.advance(REFRESH_MS);
    await keys.refreshIfDue();
    await keys.refreshIfDue();
    expect([fetches, await find('old')]).toEqual([2, 'found']);
    clock.advance(RETRY_MS);
    await keys.refreshIfDue();
    expect(fetches).toBe(3);
    isDown = false;
    published = [next];
    clock.advance(RETRY_MS);
    await keys.refreshIfDue();
    expect([await find('next'), outcomes]).toEqual(['found', ['changed', 'failed', 'failed', 'changed']]);
  });

  it('trusts keys for a day without an answer and no longer', async () => {
    await keys.refreshIfDue();
    isDown = true;
    clock.advance(USABLE_MS - 1);
    expect(await find('old')).toBe('found');
    clock.advance(1);
    expect(await find('old')).toBe('issuer_unavailable');
    await keys.refreshIfDue();
    await keys.refreshIfDue();
    // What was verified by them is not taken any longer either.
    expect(replaced).toBe(2);
  });

  it('keeps its keys over an answer that is no JWK Set', async () => {
    await keys.refreshIfDue();
    published = [{ publicJwk: 'no key' } as unknown as TestKey];
    clock.advance(REFRESH_MS);
    await keys.refreshIfDue();
    expect([outcomes, await find('old')]).toEqual([['changed', 'failed'], 'found']);
  });

  it('never verifies by a secret or a private key that an issuer shows', async () => {
    published = [{ publicJwk: old.jwk } as TestKey];
    await keys.refreshIfDue();
    expect(await find('old')).toBe('ERR_JWKS_INVALID');
  });
});
