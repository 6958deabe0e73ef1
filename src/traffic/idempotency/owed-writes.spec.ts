import { StoreAway } from '../../state/store-answer.js';
import { OwedWrites } from './owed-writes.js';

const refusal = Object.assign(new Error('OOM'), { name: 'ReplyError' });

describe('OwedWrites', () => {
  const opened: OwedWrites[] = [];
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    opened.splice(0).forEach((owed) => {
      owed.close();
    });
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const open = (...bounds: ConstructorParameters<typeof OwedWrites>): OwedWrites => {
    const owed = new OwedWrites(...bounds);
    opened.push(owed);
    return owed;
  };
  const seconds = (count: number): Promise<void> => jest.advanceTimersByTimeAsync(count * 1_000);

  it('are made up for in order once the store is back, and then cost no timer', async () => {
    const owed = open();
    const written: string[] = [];
    let isAway = true;
    for (const name of ['first', 'second'])
      owed.add(() => {
        if (isAway) return Promise.reject(new StoreAway());
        written.push(name);
        return Promise.resolve();
      });
    await seconds(500);
    expect([owed.size, written]).toEqual([2, []]);
    isAway = false;
    await seconds(1);
    expect([owed.size, written]).toEqual([0, ['first', 'second']]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('do not wait for one that the store refuses, which is given up after a minute', async () => {
    const owed = open();
    let written = false;
    owed.add(() => Promise.reject(refusal));
    owed.add(() => Promise.resolve((written = true)));
    await seconds(1);
    expect([owed.size, written]).toEqual([1, true]);
    await seconds(58);
    expect(owed.size).toBe(1);
    await seconds(1);
    expect(owed.size).toBe(0);
  });

  it('are bounded in number and in bytes', () => {
    const owed = open({ maxWrites: 3, maxBytes: 100 });
    const never = () => Promise.reject(new StoreAway());
    owed.add(never, 60);
    owed.add(never, 60);
    owed.add(never, 40);
    owed.add(never);
    owed.add(never);
    expect(owed.size).toBe(3);
  });
});
