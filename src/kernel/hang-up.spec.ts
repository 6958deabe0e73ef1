import { HangUp } from './hang-up.js';

describe('HangUp', () => {
  it('tells each listener once, late ones at once, and those that left never', () => {
    const hangUp = new HangUp();
    const heard: string[] = [];
    const left = (): void => {
      heard.push('left');
    };
    hangUp.listen(() => heard.push('early'));
    hangUp.listen(left);
    hangUp.unlisten(left);
    hangUp.hangUp();
    hangUp.hangUp();
    hangUp.listen(() => heard.push('late'));
    expect(heard).toEqual(['early', 'late']);
  });

  it('gives an abort signal that follows, whenever it is asked for', () => {
    const hangUp = new HangUp();
    const before = hangUp.signal;
    hangUp.hangUp();
    expect(before.aborted).toBe(true);
    const gone = new HangUp();
    gone.hangUp();
    expect(gone.signal.aborted).toBe(true);
  });
});
