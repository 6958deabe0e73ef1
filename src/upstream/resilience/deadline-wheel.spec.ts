import { ManualClock } from '../../../test/support/manual-clock.js';
import { DeadlineWheel } from './deadline-wheel.js';

function deadline(expiresAt: number) {
  return { expiresAt, expired: 0, expire: jest.fn() };
}

describe('DeadlineWheel', () => {
  const clock = new ManualClock(0);
  const wheel = new DeadlineWheel(clock);
  afterEach(() => {
    wheel.stop();
  });

  it('expires what is due, once, and leaves the rest', () => {
    const soon = deadline(10);
    const late = deadline(100);
    wheel.watch(soon);
    wheel.watch(late);
    wheel.turn();
    expect(soon.expire).not.toHaveBeenCalled();
    clock.advance(10);
    wheel.turn();
    wheel.turn();
    expect(soon.expire).toHaveBeenCalledTimes(1);
    expect(late.expire).not.toHaveBeenCalled();
    wheel.release(late);
  });

  it('follows a deadline that is moved, and forgets a released one', () => {
    const moved = deadline(clock.monotonic() + 5);
    const released = deadline(clock.monotonic() + 5);
    wheel.watch(moved);
    wheel.watch(released);
    moved.expiresAt += 100;
    wheel.release(released);
    clock.advance(50);
    wheel.turn();
    expect(moved.expire).not.toHaveBeenCalled();
    clock.advance(60);
    wheel.turn();
    expect(moved.expire).toHaveBeenCalledTimes(1);
    expect(released.expire).not.toHaveBeenCalled();
  });

  it('runs its timer only while there is something to watch', () => {
    jest.useFakeTimers();
    try {
      const own = new DeadlineWheel(clock);
      expect(jest.getTimerCount()).toBe(0);
      const watched = deadline(clock.monotonic());
      own.watch(watched);
      expect(jest.getTimerCount()).toBe(1);
      jest.advanceTimersByTime(25);
      expect(watched.expire).toHaveBeenCalledTimes(1);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
