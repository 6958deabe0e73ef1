import fc from 'fast-check';
import { baseGroups } from './base-groups.js';

describe('baseGroups', () => {
  it.each([
    [75, ['1', '2', '3'], ['74', '75']],
    [90, ['9', '10-11'], ['88-89', '90']],
    [101, ['9', '10-11'], ['98-99', '100-101']],
    [251, ['9', '10-14'], ['245-249', '250-251']],
    [1000, ['9', '10-19', '20-39'], ['980-999', '1000']],
  ])('groups %i bases as FastQC does', (length, among, last) => {
    const labels = baseGroups(length).map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining(among));
    expect(labels.slice(-2)).toEqual(last);
  });

  it('covers every position once, in order, in fewer than 77 rows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40_000 }), (length) => {
        const groups = baseGroups(length);
        let next = 1;
        for (const { first, last } of groups) {
          expect(first).toBe(next);
          expect(last).toBeGreaterThanOrEqual(first);
          next = last + 1;
        }
        expect(next).toBe(length + 1);
        expect(groups.length).toBeLessThan(77);
      }),
    );
  });
});
