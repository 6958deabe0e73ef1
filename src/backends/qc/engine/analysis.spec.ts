import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { fastqText, generatedReads } from '../../fastq/testing/generated-reads.js';
import { analyse } from './analysis.js';
import { differencesFromFastqc } from './testing/fastqc-data.js';

const SHARED = resolve(__dirname, '../../../../../shared/data');
const stream = (text: string): Readable => Readable.from([Buffer.from(text)], { objectMode: false });

describe('analyse', () => {
  it('agrees with FastQC 0.11.9 on generated reads in every table and verdict', async () => {
    const expected = readFileSync(join(__dirname, 'testing/generated.fastqc_data.txt'), 'utf8');
    const { files } = await analyse([stream(fastqText(generatedReads(1600, 20240611)))], { assay: 'wgs' });
    const [report] = files;
    expect(report && differencesFromFastqc(report, expected)).toEqual([]);
  });

  it('notices a single changed base', async () => {
    const expected = readFileSync(join(__dirname, 'testing/generated.fastqc_data.txt'), 'utf8');
    const reads = generatedReads(1600, 20240611);
    const [first, ...rest] = reads;
    if (first === undefined) throw new Error('no reads');
    const letter = first.sequence[20] === 'A' ? 'C' : 'A';
    const changed = { ...first, sequence: first.sequence.slice(0, 20) + letter + first.sequence.slice(21) };
    const { files } = await analyse([stream(fastqText([changed, ...rest]))], { assay: 'wgs' });
    const [report] = files;
    expect(report && differencesFromFastqc(report, expected)).not.toEqual([]);
  });

  it('computes the figures of three reads as they are computed by hand', async () => {
    const text = '@a\nACGT\n+\nIIII\n@b\nGGNN\n+\n5555\n@c\nacgt\n+\n!!!!\n';
    const { files, pair, verdict } = await analyse([stream(text)], { assay: 'wgs' });
    expect(files[0]?.summary).toEqual({
      total_sequences: 3,
      total_bases: 12,
      min_length: 4,
      max_length: 4,
      gc_percent: 60,
      gc_bases: 6,
      n_bases: 2,
      q20_bases: 8,
      q30_bases: 4,
      q20_rate: 8 / 12,
      q30_rate: 4 / 12,
      mean_quality: 20,
      // Two of the three are the same once the case is put aside.
      duplication_percent: 100 - (2 / 3) * 100,
      encoding: 'Sanger / Illumina 1.9',
    });
    expect(pair).toBeNull();
    expect(verdict).toBe('fail');
  });

  it('adds up both mates and reports progress in compressed bytes', async () => {
    const packed = gzipSync('@a\nACGT\n+\nIIII\n');
    const seen: number[] = [];
    const inputs = [Readable.from([packed]), Readable.from([packed])];
    const { pair } = await analyse(inputs, { assay: 'viral' }, { onProgress: (bytes) => seen.push(bytes) });
    expect(pair).toEqual({
      total_reads: 2,
      total_bases: 8,
      q20_bases: 8,
      q30_bases: 8,
      q20_rate: 1,
      q30_rate: 1,
      gc_content: 0.5,
    });
    expect(seen.at(-1)).toBe(2 * packed.length);
  });

  it('refuses mates of different length', async () => {
    const one = '@a\nACGT\n+\nIIII\n';
    await expect(analyse([stream(one), stream(one + one)], { assay: 'wgs' })).rejects.toMatchObject({
      code: 'mates_mismatch',
    });
  });

  it('refuses a quality character that no encoding has', async () => {
    await expect(analyse([stream('@a\nAC\n+\nI \n')], { assay: 'wgs' })).rejects.toMatchObject({
      code: 'fastq_malformed',
      record: 1,
    });
  });

  it('judges the same reads by the assay they come from', async () => {
    const text = fastqText(generatedReads(400, 3));
    const verdictFor = async (assay: 'wgs' | 'amplicon'): Promise<string | undefined> => {
      const { files } = await analyse([stream(text)], { assay });
      return files[0]?.modules.find(({ name }) => name === 'Overrepresented sequences')?.verdict;
    };
    expect(await verdictFor('wgs')).toBe('warn');
    expect(await verdictFor('amplicon')).toBe('pass');
  });
});

const shared = existsSync(SHARED) ? describe : describe.skip;
if (!existsSync(SHARED)) process.stderr.write(`SKIPPED: real reads against FastQC and fastp (no ${SHARED})\n`);

shared('analyse on real reads', () => {
  it('equals FastQC 0.11.9 on read 1 and fastp 0.23.2 on the pair', async () => {
    const reads = join(SHARED, 'reads/measles-hm2');
    const inputs = [join(reads, 'Hm2_R1.fastq.gz'), join(reads, 'Hm2_R2.fastq.gz')];
    const { files, pair } = await analyse(inputs, { assay: 'wgs' });
    const [report] = files;
    const expected = readFileSync(join(SHARED, 'expected/Hm2_R1.fastqc_data.txt'), 'utf8');
    expect(report && differencesFromFastqc(report, expected)).toEqual([]);

    const verdicts = readFileSync(join(SHARED, 'expected/Hm2_R1.fastqc.summary.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split('\t').slice(0, 2));
    expect(report?.modules.map(({ name, verdict }) => [verdict.toUpperCase(), name])).toEqual(verdicts);

    const fastp = JSON.parse(readFileSync(join(SHARED, 'expected/Hm2.fastp.json'), 'utf8'));
    const before = fastp.summary.before_filtering as Record<string, number>;
    const rounded = Object.entries(pair ?? {}).map(([name, value]) => [name, Number(Number(value).toFixed(6))]);
    expect(rounded).toHaveLength(7);
    for (const [name, value] of rounded) expect([name, value]).toEqual([name, before[String(name)]]);
  });
});
