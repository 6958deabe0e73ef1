import { above, ASSAY_THRESHOLDS, ASSAYS, below, isAssay, worst } from './thresholds.js';

describe('limits', () => {
  const upper = { warnAt: 5, failAt: 10 };
  const lower = { warnAt: 70, failAt: 50 };

  it.each([
    [5, 'pass'],
    [5.1, 'warn'],
    [10, 'warn'],
    [10.1, 'fail'],
  ])('an upper limit of 5 and 10 takes %d as %s', (observed, verdict) => {
    expect(above(observed, upper)).toBe(verdict);
  });

  it.each([
    [70, 'pass'],
    [69.9, 'warn'],
    [50, 'warn'],
    [49.9, 'fail'],
  ])('a lower limit of 70 and 50 takes %d as %s', (observed, verdict) => {
    expect(below(observed, lower)).toBe(verdict);
  });

  it('never judges where there is no limit', () => {
    const none = { warnAt: null, failAt: null };
    expect([above(1e9, none), below(-1e9, none)]).toEqual(['pass', 'pass']);
  });

  it('keeps the worst verdict', () => {
    expect(worst(['pass', 'fail', 'warn'])).toBe('fail');
    expect(worst(['pass', 'warn'])).toBe('warn');
    expect(worst([])).toBe('pass');
  });

  it.each(ASSAYS)('relaxes for %s only what its library explains', (assay) => {
    const { wgs, [assay]: own } = ASSAY_THRESHOLDS;
    for (const name of [
      'medianQuality',
      'lowerQuartile',
      'readQuality',
      'nContent',
      'adapters',
      'tileDeviation',
    ] as const) {
      expect(own[name]).toEqual(wgs[name]);
    }
    expect(isAssay(assay)).toBe(true);
  });

  it('knows no assay by the name of a member of Object', () => {
    expect([isAssay('constructor'), isAssay(''), isAssay('WGS')]).toEqual([false, false, false]);
  });
});
