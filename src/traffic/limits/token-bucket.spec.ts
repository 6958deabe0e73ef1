import fc from 'fast-check';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryBucketStore } from './memory-bucket.store.js';
import type { BucketPolicy } from './token-bucket.js';

const policies = fc.record({
  ratePerMinute: fc.integer({ min: 1, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 500 }),
});
const pauses = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 120 });

describe('the token bucket', () => {
  it('never lets more through in any span than its burst and what the span refills', () => {
    fc.assert(
      fc.property(policies, pauses, (policy, gaps) => {
        const clock = new ManualClock();
        const store = new MemoryBucketStore(clock);
        const grants: number[] = [];
        for (const gap of gaps) {
          clock.advance(gap);
          if (store.take('a', policy).allowed) grants.push(clock.monotonic());
        }
        grants.forEach((from, first) => {
          grants.slice(first).forEach((to, count) => {
            expect(count + 1).toBeLessThanOrEqual(policy.burst + ((to - from) * policy.ratePerMinute) / 60_000);
          });
        });
      }),
    );
  });

  it('has a token when Retry-After says so, and not a whole second earlier than it must', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 0, max: 59_999 }), (policy, offset) => {
        const clock = new ManualClock();
        const store = new MemoryBucketStore(clock);
        for (let index = 0; index < policy.burst; index += 1) store.take('a', policy);
        clock.advance(offset % Math.max(1, Math.floor(60_000 / policy.ratePerMinute)));
        const refused = store.take('a', policy);
        fc.pre(!refused.allowed);
        clock.advance(Math.max(0, (refused.retryAfterSeconds - 1) * 1000 - 1));
        if (refused.retryAfterSeconds > 1) expect(store.take('a', policy).allowed).toBe(false);
        clock.advance(1001);
        expect(store.take('a', policy).allowed).toBe(true);
      }),
    );
  });

  it('is full again after resetSeconds', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 500 }), (policy, taken) => {
        const clock = new ManualClock();
        const store = new MemoryBucketStore(clock);
        let last = store.take('a', policy);
        for (let index = 1; index < taken; index += 1) last = store.take('a', policy);
        clock.advance(last.resetSeconds * 1000);
        expect(store.take('a', policy).remaining).toBe(policy.burst - 1);
      }),
    );
  });

  it('gives back 8 tokens in 5 seconds at the default rate, after a burst of 200', () => {
    const policy: BucketPolicy = { ratePerMinute: 100, burst: 200 };
    const clock = new ManualClock();
    const store = new MemoryBucketStore(clock);
    const passed = (tries: number): number =>
      Array.from({ length: tries }, () => store.take('a', policy)).filter(({ allowed }) => allowed).length;
    expect(passed(1000)).toBe(200);
    clock.advance(5_000);
    expect(passed(1000)).toBe(8);
  });

  it('adds nothing when the clock runs backwards, and loses nothing', () => {
    const clock = new ManualClock();
    const store = new MemoryBucketStore(clock);
    const policy: BucketPolicy = { ratePerMinute: 60, burst: 2 };
    clock.advance(10_000);
    store.take('a', policy);
    clock.advance(-5_000);
    expect(store.take('a', policy)).toMatchObject({ allowed: true, remaining: 0 });
    expect(store.take('a', policy).allowed).toBe(false);
    clock.advance(5_999);
    expect(store.take('a', policy).allowed).toBe(false);
    clock.advance(1);
    expect(store.take('a', policy).allowed).toBe(true);
  });

  it('keeps no more buckets than its bound and forgets the least recently used', () => {
    const store = new MemoryBucketStore(new ManualClock(), 3);
    const policy: BucketPolicy = { ratePerMinute: 1, burst: 1 };
    ['a', 'b', 'c', 'a', 'd'].forEach((key) => store.take(key, policy));
    expect(store.size).toBe(3);
    expect(store.take('a', policy).allowed).toBe(false);
    expect(store.take('b', policy).allowed).toBe(true);
  });

  it('takes back a token, but never over the burst', () => {
    const store = new MemoryBucketStore(new ManualClock());
    const policy: BucketPolicy = { ratePerMinute: 1, burst: 2 };
    store.take('a', policy);
    [1, 2, 3].forEach(() => store.giveBack('a', policy));
    expect(store.take('a', policy).remaining).toBe(1);
  });
});
