import fc from 'fast-check';
import { randomBases, seededRandom } from '../../fastq/testing/generated-reads.js';
import { javaBucket } from './java-order.js';
import { MAX_DISTINCT, SequenceTable } from './sequence-table.js';

describe('SequenceTable', () => {
  it('counts as a map of strings does, in order of first sight', () => {
    const sequence = fc.string({ unit: fc.constantFrom('A', 'C', 'G', 'T', 'N'), maxLength: 90 });
    fc.assert(
      fc.property(fc.array(sequence, { maxLength: 60 }), (sequences) => {
        const table = new SequenceTable();
        const expected = new Map<string, number>();
        for (const one of [...sequences, ...sequences.slice(0, 7)]) {
          table.add(Buffer.from(`xx${one}yy`), 2, one.length);
          const key = one.length > 75 ? one.slice(0, 50) : one;
          expected.set(key, (expected.get(key) ?? 0) + 1);
        }
        const counted = Array.from({ length: table.distinct }, (_, i) => [table.sequence(i), table.count(i)]);
        expect(counted).toEqual([...expected]);
        expect(table.totalAtLimit).toBe(table.total);
      }),
    );
  });

  it('stops taking in sequences at its limit and goes on counting those it knows', () => {
    const table = new SequenceTable();
    const random = seededRandom(11);
    const first = Buffer.from(randomBases(random, 40));
    table.add(first, 0, 40);
    while (table.distinct < MAX_DISTINCT) table.add(Buffer.from(randomBases(random, 40)), 0, 40);
    const before = table.totalAtLimit;
    table.add(Buffer.from(randomBases(random, 41)), 0, 41);
    table.add(first, 0, 40);
    expect(table.distinct).toBe(MAX_DISTINCT);
    expect(table.count(0)).toBe(2);
    expect(table.total).toBe(before + 2);
    expect(table.totalAtLimit).toBe(before);
  });
});

describe('javaBucket', () => {
  it.each([
    ['', 1, 0],
    ['A', 1, 65 & 15],
    ['AB', 12, (31 * 65 + 66) & 15],
    ['AB', 13, (31 * 65 + 66) & 31],
  ])('places %p among %i entries in bucket %i', (text, size, bucket) => {
    expect(javaBucket(text, size)).toBe(bucket);
  });
});
