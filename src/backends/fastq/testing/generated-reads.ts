/** For tests: reads made by a seeded generator, the same on every machine. */
export interface GeneratedRead {
  readonly header: string;
  readonly sequence: string;
  readonly quality: string;
}

/** Mulberry32: numbers in [0, 1) from a 32-bit seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ADAPTER = 'AGATCGGAAGAGCACACGTCTGAACTCCAGTCACATCACGATCTCGTATGCCGTCTTCTGCTTG';

export function randomBases(random: () => number, length: number): string {
  let bases = '';
  for (let i = 0; i < length; i += 1) bases += 'ACGT'[Math.floor(random() * 4)] ?? 'A';
  return bases;
}

/** Qualities that fall from about 38 at the start of the read, lower on tile 1203. */
function fallingQuality(random: () => number, length: number, tile: number): string {
  let quality = '';
  for (let i = 0; i < length; i += 1) {
    const score = 38 - i / 12 - (tile === 1203 ? 6 : 0) - random() * 8;
    quality += String.fromCharCode(33 + Math.max(2, Math.round(score)));
  }
  return quality;
}

/**
 * Reads of 13 to 160 bases with what modules look for: three tiles, some 12 % adapter read-through, repeats, Ns,
 * lower-case letters and uneven composition at the start.
 */
export function generatedReads(count: number, seed: number): GeneratedRead[] {
  const random = seededRandom(seed);
  const repeated = Array.from({ length: 6 }, () => randomBases(random, 160));
  return Array.from({ length: count }, (_, index) => {
    const tile = 1201 + Math.floor(random() * 3);
    const length = random() < 0.7 ? 150 : 13 + Math.floor(random() * 148);
    let sequence = random() < 0.08 ? (repeated[Math.floor(random() * 6)] ?? '') : randomBases(random, 160);
    if (random() < 0.5) sequence = `GG${sequence.slice(2)}`;
    if (random() < 0.12) sequence = sequence.slice(0, Math.floor(random() * 100)) + ADAPTER + sequence;
    if (random() < 0.1) sequence = sequence.replace(/^(.{5})./, '$1N');
    if (random() < 0.05) sequence = sequence.toLowerCase();
    return {
      header: `@M01:7:FLOW:1:${tile}:${1000 + index}:${Math.floor(random() * 9000)} 1:N:0:ATCACG`,
      sequence: sequence.slice(0, length),
      quality: fallingQuality(random, length, tile),
    };
  });
}

export function fastqText(reads: readonly GeneratedRead[], lineBreak = '\n'): string {
  return reads.map((read) => [read.header, read.sequence, '+', read.quality, ''].join(lineBreak)).join('');
}
