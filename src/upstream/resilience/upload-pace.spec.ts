import { ManualClock } from '../../../test/support/manual-clock.js';
import { DeadlineWheel } from './deadline-wheel.js';
import { UploadPace } from './upload-pace.js';

const WINDOW_MS = 10_000;
/** What one window must bring. */
const ENOUGH = 10_000;

function pace(minBytesPerSecond = 1_000) {
  const clock = new ManualClock();
  const wheel = new DeadlineWheel(clock);
  let tooSlow = 0;
  const subject = new UploadPace({ minBytesPerSecond, windowMs: WINDOW_MS }, clock, wheel, () => (tooSlow += 1));
  subject.begin();
  return {
    subject,
    /** Lets time pass, looking up as often as the wheel does. */
    pass: (milliseconds: number) => {
      for (let passed = 0; passed < milliseconds; passed += 25) {
        clock.advance(25);
        wheel.turn();
      }
    },
    get tooSlow() {
      return tooSlow;
    },
    [Symbol.dispose]: () => {
      wheel.stop();
    },
  };
}

describe('UploadPace', () => {
  it('ends a client that sends less than it must in the first window, and not before it is over', () => {
    using upload = pace();
    upload.subject.received(ENOUGH - 1);
    upload.pass(WINDOW_MS - 25);
    expect(upload.tooSlow).toBe(0);
    upload.pass(25);
    expect(upload.tooSlow).toBe(1);
  });

  it('lets a client go on that sends just enough, window by window', () => {
    using upload = pace();
    for (let window = 0; window < 5; window += 1) {
      upload.subject.received(ENOUGH);
      upload.pass(WINDOW_MS);
    }
    expect(upload.tooSlow).toBe(0);
  });

  it('does not set off a fast start against a slow rest', () => {
    using upload = pace();
    upload.subject.received(100 * ENOUGH);
    upload.pass(WINDOW_MS);
    expect(upload.tooSlow).toBe(0);
    upload.pass(WINDOW_MS);
    expect(upload.tooSlow).toBe(1);
  });

  it('does not count the time in which the service takes nothing', () => {
    using upload = pace();
    upload.pass(WINDOW_MS - 1_000);
    upload.subject.hold();
    upload.pass(20 * WINDOW_MS);
    upload.subject.wait();
    upload.pass(975);
    expect(upload.tooSlow).toBe(0);
    upload.pass(25);
    expect(upload.tooSlow).toBe(1);
  });

  it('judges a client by its own time where the service takes little by little', () => {
    using upload = pace();
    for (let turn = 0; turn < 200; turn += 1) {
      upload.subject.received(100);
      upload.pass(100);
      upload.subject.hold();
      upload.pass(900);
      upload.subject.wait();
    }
    expect(upload.tooSlow).toBe(0);
  });

  it.each(['is over', 'has no least pace'])('leaves an upload alone that %s', (what) => {
    using upload = pace(what === 'is over' ? 1_000 : 0);
    if (what === 'is over') upload.subject.end();
    upload.pass(10 * WINDOW_MS);
    expect(upload.tooSlow).toBe(0);
  });
});
