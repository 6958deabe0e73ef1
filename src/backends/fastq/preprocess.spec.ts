import fc from 'fast-check';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { preprocessPair } from './preprocess.js';
import type { PreprocessOptions, PreprocessReport } from './preprocess.types.js';
import { fastqText, randomBases, seededRandom } from './testing/generated-reads.js';

const ADAPTER1 = 'AGATCGGAAGAGCACACGTCTGAACTCCAGTCA';
const ADAPTER2 = 'AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT';
const PLAIN: PreprocessOptions = { qualityCutoff: 0, minLength: 1, maxNBases: 100 };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'genoflow-trim-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Trimmed {
  readonly report: PreprocessReport;
  readonly one: readonly string[];
  readonly two: readonly string[];
}

async function trim(text1: string, text2: string, options: PreprocessOptions, signal?: AbortSignal): Promise<Trimmed> {
  const outputs = [join(folder, 'one.gz'), join(folder, 'two.gz')] as const;
  const inputs = [Readable.from([Buffer.from(text1)]), Readable.from([Buffer.from(text2)])] as const;
  const report = await preprocessPair(inputs, outputs, options, { signal });
  const lines = async (path: string): Promise<string[]> =>
    gunzipSync(await readFile(path))
      .toString()
      .split('\n');
  return { report, one: await lines(outputs[0]), two: await lines(outputs[1]) };
}

const turned = (bases: string): string =>
  [...bases]
    .reverse()
    .map((base) => ({ A: 'T', C: 'G', G: 'C', T: 'A' })[base] ?? 'N')
    .join('');

function record(name: string, sequence: string, quality = 'F'.repeat(sequence.length)): string {
  return fastqText([{ header: `@${name}`, sequence, quality }]);
}

/** Both mates of an insert, read to `cycles` bases into the adapters. */
function sequenced(insert: string, cycles: number): [string, string] {
  const filler = 'ACCTGATTGC'.repeat(20);
  return [(insert + ADAPTER1 + filler).slice(0, cycles), (turned(insert) + ADAPTER2 + filler).slice(0, cycles)];
}

describe('preprocessPair', () => {
  it('cuts both mates to the insert wherever they overlap by 30 bases', async () => {
    const inserts = fc.tuple(fc.integer(), fc.integer({ min: 30, max: 220 }));
    await fc.assert(
      fc.asyncProperty(inserts, async ([seed, size]) => {
        const insert = randomBases(seededRandom(seed), size);
        const [one, two] = sequenced(insert, 100);
        const result = await trim(record('r/1', one), record('r/2', two), PLAIN);
        expect(result.one[1]).toBe(insert.slice(0, 100));
        expect(result.two[1]).toBe(turned(insert).slice(0, 100));
      }),
      { numRuns: 40 },
    );
  });

  it('drops adapter dimers once the adapters are given, and cuts inserts too short to overlap', async () => {
    const [dimer1, dimer2] = sequenced('', 60);
    const [short1, short2] = sequenced('GATTACAGATTACACCC', 60);
    const text1 = record('a 1:N:0', dimer1) + record('b 1:N:0', short1);
    const text2 = record('a 2:N:0', dimer2) + record('b 2:N:0', short2);
    const without = await trim(text1, text2, PLAIN);
    expect(without.report.filtering.passedReads).toBe(4);
    const given = await trim(text1, text2, { ...PLAIN, adapter1: ADAPTER1, adapter2: ADAPTER2, minLength: 15 });
    expect(given.one).toEqual(['@b 1:N:0', 'GATTACAGATTACACCC', '+', 'F'.repeat(17), '']);
    expect(given.two).toEqual(['@b 2:N:0', 'GGGTGTAATCTGTAATC', '+', 'F'.repeat(17), '']);
    expect(given.report.filtering).toEqual({ passedReads: 2, tooShortReads: 2, tooManyNReads: 0 });
    expect(given.report.adapters).toMatchObject({ trimmedReads: 4, trimmedBases: 2 * 60 + 2 * 43 });
  });

  it("cuts a poor 3' end down to where four bases reach the cutoff, and the Ns that are then last", async () => {
    // Windows of four from the end: "####" 2, "####" 2, "I###" 11.5, "II##" 21 at last.
    const one = record('r', 'ACGTACGTNNAA', 'IIIIIIII######'.slice(0, 12));
    const two = record('r', 'TTTTTTTTTTTT');
    const result = await trim(one, two, { ...PLAIN, qualityCutoff: 20 });
    expect(result.one.slice(1, 4)).toEqual(['ACGTACGT', '+', 'IIIIIIII']);
    expect(result.two[1]).toBe('TTTTTTTTTTTT');
    expect(result.report.adapters).toMatchObject({ qualityTrimmedReads: 1, qualityTrimmedBases: 4 });
  });

  it('drops both mates for the Ns or the length of one, and reports before and after', async () => {
    const good = 'ACGTACGTAC';
    const text1 = record('a', good) + record('b', 'NNNTACGTAC') + record('c', 'ACG');
    const text2 = record('a', good) + record('b', good) + record('c', good);
    const { report, one, two } = await trim(text1, text2, { ...PLAIN, minLength: 5, maxNBases: 2 });
    expect([one[0], one.length, two[0], two.length]).toEqual(['@a', 5, '@a', 5]);
    expect(report.filtering).toEqual({ passedReads: 2, tooShortReads: 2, tooManyNReads: 2 });
    expect(report.before).toMatchObject({ totalReads: 6, totalBases: 53, q30Bases: 53, q30Rate: 1 });
    expect(report.after).toEqual({
      totalReads: 2,
      totalBases: 20,
      q20Bases: 20,
      q30Bases: 20,
      q20Rate: 1,
      q30Rate: 1,
      gcContent: 0.5,
      read1MeanLength: 10,
      read2MeanLength: 10,
    });
  });

  it.each([
    ['one has more reads', record('a', 'AC') + record('b', 'AC'), record('a', 'AC'), 2],
    ['names differ', record('a', 'AC') + record('b', 'AC'), record('a', 'AC') + record('c', 'AC'), 2],
    ['a name only begins like the other', record('a1', 'AC'), record('a12', 'AC'), 1],
  ])('refuses files that are not mates because %s and leaves nothing behind', async (_why, text1, text2, at) => {
    await expect(trim(text1, text2, PLAIN)).rejects.toMatchObject({ code: 'mates_mismatch', record: at });
    expect(await readdir(folder)).toEqual([]);
  });

  it('ends with the reason of an abort and leaves nothing behind', async () => {
    const control = new AbortController();
    const endless = new Readable({
      read() {
        this.push(Buffer.from(record('a', 'ACGT').repeat(5000)));
        if (!control.signal.aborted) setImmediate(() => control.abort(new Error('cancelled')));
      },
    });
    const mate = Readable.from([Buffer.from(record('a', 'ACGT').repeat(1_000_000))]);
    const outputs = [join(folder, 'one.gz'), join(folder, 'two.gz')] as const;
    await expect(preprocessPair([endless, mate], outputs, PLAIN, { signal: control.signal })).rejects.toThrow(
      'cancelled',
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [{ ...PLAIN, adapter1: 'ACGTNNNN' }],
    [{ ...PLAIN, adapter2: 'ACG' }],
    [{ ...PLAIN, qualityCutoff: 41 }],
    [{ ...PLAIN, minLength: 0 }],
    [{ ...PLAIN, maxNBases: 1.5 }],
  ])('refuses options out of bounds before reading: %j', async (options) => {
    await expect(trim('', '', options)).rejects.toThrow(RangeError);
  });
});
