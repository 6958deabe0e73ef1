import { retryAfterMs, RetryPolicy } from './retry-policy.js';

const half = () => 0.5;

describe('RetryPolicy', () => {
  it('grants two retries with growing, jittered waits and no third', () => {
    const policy = new RetryPolicy(half);
    expect(policy.delayAfter(1, 10_000, undefined, 0)).toBe(25);
    expect(policy.delayAfter(2, 10_000, undefined, 0)).toBe(50);
    expect(policy.delayAfter(3, 10_000, undefined, 0)).toBeUndefined();
  });

  it('grants none that would end after the deadline', () => {
    expect(new RetryPolicy(half).delayAfter(1, 25, undefined, 0)).toBeUndefined();
    expect(new RetryPolicy(half).delayAfter(1, 26, undefined, 0)).toBe(25);
  });

  it('waits as long as the service asks, but not longer than two seconds', () => {
    expect(new RetryPolicy(half).delayAfter(1, 10_000, 1_500, 0)).toBe(1_500);
    expect(new RetryPolicy(half).delayAfter(1, 10_000, 2_001, 0)).toBeUndefined();
  });

  it('grants about a fifth of the calls once the reserve is used up', () => {
    const policy = new RetryPolicy(half);
    let granted = 0;
    for (let i = 0; i < 1_000; i++) {
      policy.deposit();
      if (policy.delayAfter(1, 10_000, undefined, 0) !== undefined) granted += 1;
    }
    expect(granted).toBeGreaterThanOrEqual(200);
    expect(granted).toBeLessThanOrEqual(215);
  });

  it('grants a quiet service one a second', () => {
    const policy = new RetryPolicy(half);
    while (policy.delayAfter(1, 10_000, undefined, 0) !== undefined);
    expect(policy.delayAfter(1, 10_000, undefined, 500)).toBeUndefined();
    expect(policy.delayAfter(1, 10_000, undefined, 1_100)).toBeDefined();
    expect(policy.delayAfter(1, 10_000, undefined, 1_200)).toBeUndefined();
  });
});

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    ['2', 2_000],
    ['0', 0],
    [new Date(now + 3_000).toUTCString(), 3_000],
    [new Date(now - 3_000).toUTCString(), 0],
    ['soon', undefined],
    ['-1', undefined],
    [undefined, undefined],
  ])('reads %p as %p', (value, expected) => {
    // Date.parse takes "-1" for a year; it lies in the past and asks for no wait.
    expect(retryAfterMs(value, now) || undefined).toBe(expected || undefined);
  });
});
