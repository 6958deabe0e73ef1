import type { INestApplication } from '@nestjs/common';
import { Clock } from '../../src/kernel/clock.js';

/** Lets the clock of a running gateway jump ahead; what waits on real timers goes on as before. Milliseconds. */
export function clockOf(app: INestApplication): { jump(milliseconds: number): void } {
  const clock = app.get(Clock);
  let aheadMs = 0;
  clock.now = () => Date.now() + aheadMs;
  clock.monotonic = () => performance.now() + aheadMs;
  return {
    jump: (milliseconds) => {
      aheadMs += milliseconds;
    },
  };
}
