import { Breaker, type BreakerOptions } from './breaker.js';

const OPTIONS: BreakerOptions = { openMs: 1_000, consecutive: 3, ratio: 0.5, minCalls: 10, windowMs: 10_000 };

function breaker(options: Partial<BreakerOptions> = {}) {
  const changes: string[] = [];
  return { changes, breaker: new Breaker({ ...OPTIONS, ...options }, (state) => changes.push(state)) };
}

type Outcome = 'answer' | 'half an answer' | 'failing answer' | 'no answer';

function call(subject: Breaker, outcome: Outcome, now: number): void {
  subject.enter();
  if (outcome.endsWith('an answer') || outcome === 'answer') subject.succeeded(now);
  if (outcome === 'answer') subject.completed();
  else subject.failed(outcome !== 'failing answer', now);
}

describe('Breaker', () => {
  it('opens after three failures of the connection in a row', () => {
    const { breaker: subject, changes } = breaker();
    call(subject, 'no answer', 0);
    call(subject, 'no answer', 1);
    expect(subject.admits(1)).toBe(true);
    call(subject, 'no answer', 2);
    expect(subject.admits(2)).toBe(false);
    expect(subject.opensIn(2)).toBe(1_000);
    expect(changes).toEqual(['open']);
  });

  it('opens after three answers in a row that broke off', () => {
    const { breaker: subject } = breaker();
    for (let i = 0; i < 2; i++) call(subject, 'half an answer', i);
    expect(subject.kind).toBe('closed');
    call(subject, 'half an answer', 2);
    expect(subject.kind).toBe('open');
  });

  it('counts failures in a row anew after a whole answer', () => {
    const { breaker: subject } = breaker();
    for (let i = 0; i < 20; i++) {
      call(subject, i % 3 === 2 ? 'answer' : 'no answer', i);
      if (i < 9) expect(subject.kind).toBe('closed');
    }
  });

  it('does not open on a few failing answers, but on half of many', () => {
    const { breaker: subject } = breaker();
    for (let i = 0; i < 9; i++) call(subject, 'failing answer', i);
    expect(subject.kind).toBe('closed');
    call(subject, 'answer', 9);
    expect(subject.kind).toBe('closed');
    call(subject, 'failing answer', 10);
    expect(subject.kind).toBe('open');
  });

  it('forgets failures that have left the window', () => {
    const { breaker: subject } = breaker();
    for (let i = 0; i < 9; i++) call(subject, 'failing answer', i);
    for (let i = 0; i < 9; i++) call(subject, 'failing answer', 11_500 + i);
    expect(subject.kind).toBe('closed');
  });

  it('lets one call through after its time, and closes when that is answered', () => {
    const { breaker: subject, changes } = breaker();
    for (let i = 0; i < 3; i++) call(subject, 'no answer', 0);
    expect(subject.admits(999)).toBe(false);
    expect(subject.admits(1_000)).toBe(true);
    subject.enter();
    expect(subject.admits(1_000)).toBe(false);
    subject.succeeded(1_010);
    expect(subject.admits(1_010)).toBe(true);
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it('opens again when the call it let through fails', () => {
    const { breaker: subject, changes } = breaker();
    for (let i = 0; i < 3; i++) call(subject, 'no answer', 0);
    call(subject, 'failing answer', 1_000);
    expect(subject.admits(1_999)).toBe(false);
    expect(subject.admits(2_000)).toBe(true);
    expect(changes).toEqual(['open', 'half-open', 'open']);
  });

  it('lets another call through when the first one told nothing', () => {
    const { breaker: subject } = breaker();
    for (let i = 0; i < 3; i++) call(subject, 'no answer', 0);
    subject.enter();
    subject.forgiven();
    expect(subject.kind).toBe('half-open');
    expect(subject.admits(0)).toBe(true);
  });

  it('is not changed by being asked', () => {
    const { breaker: subject, changes } = breaker();
    for (let i = 0; i < 3; i++) call(subject, 'no answer', 0);
    for (let i = 0; i < 5; i++) expect(subject.admits(1_000)).toBe(true);
    expect(subject.kind).toBe('open');
    expect(changes).toEqual(['open']);
  });
});
