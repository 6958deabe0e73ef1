import { setTimeout as sleep } from 'node:timers/promises';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { untilAsync } from '../../../test/support/until.js';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { limitDecided } from '../../kernel/events.js';
import { HangUp } from '../../kernel/hang-up.js';
import type { GuessStore } from './guess-store.js';
import { LoginGuesses } from './login-guesses.js';
import { LoginNames } from './login-names.js';
import { MemoryGuessStore } from './memory-guess.store.js';

const NAMES = new LoginNames('a key for tests');

/** Checks that the test decides one by one, in the order in which they began. */
class Checks {
  begun = 0;
  readonly #open: ((outcome: ErrorCode | 'right') => void)[] = [];

  readonly check = (): Promise<string> => {
    this.begun += 1;
    return new Promise((resolve, reject) => {
      this.#open.push((outcome) => {
        if (outcome === 'right') resolve('user');
        else reject(new GatewayError(outcome));
      });
    });
  };

  async decide(outcome: ErrorCode | 'right', count = 1): Promise<void> {
    for (const end of this.#open.splice(0, count)) end(outcome);
    await settled();
  }
}

/** Whatever does not wait for a timer has happened. */
const settled = (): Promise<void> => sleep(5);

describe('LoginGuesses', () => {
  let clock: ManualClock;
  let store: GuessStore;
  let guesses: LoginGuesses;
  let checks: Checks;

  beforeEach(() => {
    clock = new ManualClock();
    store = new MemoryGuessStore(clock);
    guesses = new LoginGuesses(store, NAMES, clock);
    checks = new Checks();
  });

  const caller = (clientAddress = '192.0.2.1') => ({ clientAddress, hangUp: new HangUp() });
  const attempt = (name: string, { by = caller(), at = guesses } = {}): Promise<string> =>
    at.checked(by, name, checks.check).catch((error: unknown) => (error as GatewayError).code);
  const wrong = (): Promise<never> => Promise.reject(new GatewayError('invalid_credentials'));
  const right = (): Promise<string> => Promise.resolve('user');
  const tryOnce = (name: string, check: () => Promise<string>, clientAddress?: string): Promise<unknown> =>
    guesses.checked(caller(clientAddress), name, check).catch((error: unknown) => (error as GatewayError).code);

  it('lets sixteen right logins of one user in that come at the same moment', async () => {
    const outcomes = Array.from({ length: 16 }, () => attempt('ada'));
    await settled();
    expect(checks.begun).toBe(10);
    await checks.decide('right', 16);
    await checks.decide('right', 16);
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => 'user'));
  });

  it('lets those in who came while others guessed wrong, if there is a place left', async () => {
    const outcomes = Array.from({ length: 11 }, () => attempt('ada'));
    await settled();
    await checks.decide('invalid_credentials', 9);
    expect(checks.begun).toBe(10);
    await checks.decide('right');
    expect(checks.begun).toBe(11);
    await checks.decide('right');
    expect((await Promise.all(outcomes)).slice(-2)).toEqual(['user', 'user']);
  });

  it('has ten of sixty parallel guesses checked, and refuses the rest when those are decided', async () => {
    const outcomes = Array.from({ length: 60 }, () => attempt('ada'));
    await settled();
    await checks.decide('invalid_credentials', 60);
    const codes = await Promise.all(outcomes);
    expect(checks.begun).toBe(10);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(50);
  });

  it('counts what another instance is checking, and hears what becomes of it', async () => {
    const other = new LoginGuesses(store, NAMES, clock);
    const there = Array.from({ length: 10 }, () => attempt('ada', { at: other }));
    const here = attempt('ada');
    await settled();
    expect(checks.begun).toBe(10);
    await checks.decide('right', 10);
    await sleep(300);
    await checks.decide('right');
    expect(await Promise.all([...there, here])).toEqual(Array.from({ length: 11 }, () => 'user'));
  });

  it('tells with Retry-After when the account opens again, by itself, and forgets all after a right login', async () => {
    for (let guess = 0; guess < 9; guess += 1) await tryOnce('ada', wrong);
    expect(await tryOnce('ada', right)).toBe('user');
    for (let guess = 0; guess < 9; guess += 1) await tryOnce('ada', wrong);
    clock.advance(60_000);
    await tryOnce('ada', wrong);
    await expect(guesses.checked(caller(), 'ada', right)).rejects.toMatchObject({
      code: 'rate_limited',
      status: 429,
      retryAfterSeconds: 840,
    });
    clock.advance(839_999);
    expect(await tryOnce('ada', right)).toBe('rate_limited');
    clock.advance(1);
    expect(await tryOnce('ada', right)).toBe('user');
  });

  it.each([
    ['case', 'Ada', 'aDA'],
    ['form of the characters', 'ａｄａ', 'ada'],
    ['the ligature', 'oﬃce', 'office'],
  ])('takes names for one that the auth service does: %s', async (_, one, other) => {
    for (let guess = 0; guess < 10; guess += 1) await tryOnce(one, wrong);
    expect(await tryOnce(other, right)).toBe('rate_limited');
    expect(await tryOnce(`${other}2`, right)).toBe('user');
  });

  it('has sixty wrong passwords a minute of one address checked, for whatever names, and others’ go on', async () => {
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => tryOnce(`user-${index}`, wrong)));
    expect(outcomes.filter((code) => code === 'invalid_credentials')).toHaveLength(60);
    expect(await tryOnce('ada', right)).toBe('rate_limited');
    expect(await tryOnce('ada', right, '192.0.2.2')).toBe('user');
    clock.advance(60_000);
    expect(await tryOnce('ada', right)).toBe('user');
  });

  it('counts IPv6 addresses by their /64', async () => {
    for (let guess = 0; guess < 60; guess += 1) await tryOnce(`user-${guess}`, wrong, `2001:db8:0:1::${guess}`);
    expect(await tryOnce('ada', right, '2001:db8:0:1:ffff::1')).toBe('rate_limited');
    expect(await tryOnce('ada', right, '2001:db8:0:2::1')).toBe('user');
  });

  it('lets a laboratory behind one address come to work at eight', async () => {
    const outcomes = Array.from({ length: 150 }, (_, index) => attempt(`user-${index}`));
    await settled();
    expect(checks.begun).toBe(60);
    for (let round = 0; round < 3; round += 1) await checks.decide('right', 60);
    expect(await Promise.all(outcomes)).toEqual(outcomes.map(() => 'user'));
  });

  it.each(['no_endpoint', 'breaker_open', 'bulkhead_full', 'upstream_unreachable', 'upstream_error', 'rate_limited'])(
    'does not count a password that was not looked at: %s',
    async (code) => {
      const unasked = (): Promise<never> => Promise.reject(new GatewayError(code as ErrorCode));
      for (let guess = 0; guess < 70; guess += 1) await tryOnce('ada', unasked);
      expect(await tryOnce('ada', right)).toBe('user');
    },
  );

  it.each(['upstream_timeout', 'upstream_reset', 'upstream_bad_response', 'internal_error'])(
    'counts one of which that is not certain: %s',
    async (code) => {
      const unclear = (): Promise<never> => Promise.reject(new GatewayError(code as ErrorCode));
      for (let guess = 0; guess < 10; guess += 1) await tryOnce('ada', unclear);
      expect(await tryOnce('ada', right)).toBe('rate_limited');
    },
  );

  it('has none wait who has gone, and no more than there is room for', async () => {
    const by = caller();
    const first = Array.from({ length: 10 }, () => attempt('ada'));
    const gone = attempt('ada', { by });
    const waiting = Array.from({ length: 256 }, () => attempt('ada'));
    await settled();
    by.hangUp.hangUp();
    await checks.decide('invalid_credentials', 10);
    await checks.decide('invalid_credentials', 300);
    expect(await gone).toBe('client_gone');
    expect((await Promise.all([...first, ...waiting])).filter((code) => code === 'rate_limited')).toHaveLength(256);
    expect(checks.begun).toBe(10);
  });

  it('lets nobody in where guesses cannot be counted', async () => {
    const away: GuessStore = {
      begin: () => Promise.reject(new Error('away')),
      decide: () => Promise.reject(new Error('away')),
    };
    guesses = new LoginGuesses(away, NAMES, clock);
    expect(await attempt('ada')).toBe('state_unavailable');
    expect(checks.begun).toBe(0);
  });

  it('answers as the check did though the store went away meanwhile', async () => {
    jest.spyOn(store, 'decide').mockRejectedValue(new Error('away'));
    expect(await tryOnce('ada', right)).toBe('user');
    expect(await tryOnce('ada', wrong)).toBe('invalid_credentials');
  });

  it('locks nobody out for right passwords of which a store that failed has not heard', async () => {
    const decide = jest.spyOn(store, 'decide').mockRejectedValue(new Error('away'));
    for (let guess = 0; guess < 10; guess += 1) expect(await tryOnce('ada', right)).toBe('user');
    clock.advance(60_000);
    expect(await tryOnce('ada', right)).toBe('rate_limited');
    decide.mockRestore();
    await untilAsync(async () => (await tryOnce('ada', right)) === 'user');
  });

  it('lets nobody guess on because a store that failed has not heard of wrong ones', async () => {
    const decide = jest.spyOn(store, 'decide').mockRejectedValue(new Error('away'));
    for (let guess = 0; guess < 10; guess += 1) await tryOnce('ada', wrong);
    decide.mockRestore();
    clock.advance(60_000);
    await sleep(700);
    expect(await tryOnce('ada', right)).toBe('rate_limited');
  });

  it('tells which limit decided', async () => {
    const told: string[] = [];
    const end = limitDecided.subscribe(({ limit, allowed }) => told.push(`${limit} ${allowed}`));
    for (let guess = 0; guess < 11; guess += 1) await tryOnce('ada', wrong);
    end();
    expect(told.slice(-4)).toEqual([
      'login-account true',
      'login-address true',
      'login-account false',
      'login-address true',
    ]);
  });
});

describe('LoginNames', () => {
  it('hide names and addresses, and hide them otherwise under another key', () => {
    const [one, other] = [new LoginNames('one key'), new LoginNames('another')];
    expect(one.account('ada')).toMatch(/^\{account:[\w-]{43}\}$/);
    expect(one.address('192.0.2.1')).toMatch(/^\{address:[\w-]{43}\}$/);
    expect(one.account('192.0.2.1')).not.toContain(one.address('192.0.2.1').slice(9));
    expect(other.account('ada')).not.toBe(one.account('ada'));
  });
});
