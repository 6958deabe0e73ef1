const ADAPTER_1 = 'AGATCGGAAGAGCACACGTCTGAACTCCAGTCA';
const ADAPTER_2 = 'AGATCGGAAGAGCGTCGTGTAGGGAAAGAGTGT';
const COMPLEMENT = { A: 'T', C: 'G', G: 'C', T: 'A' };
const PHRED_OFFSET = 33;

/**
 * Makes paired Illumina-like reads of a random genome: 3' quality decay with the errors it promises, some Ns, some
 * fragments shorter than a read (so that adapters show) and some duplicates. Equal options give equal bytes.
 * @param {{ pairs?: number, readLength?: number, genomeLength?: number, seed?: number }} [options]
 * @returns {{ reads1: string, reads2: string, reference: string }} FASTQ, FASTQ and FASTA text
 */
export function generateReads({ pairs = 1_500, readLength = 100, genomeLength = 20_000, seed = 1 } = {}) {
  const random = randomFrom(seed);
  const genome = Array.from({ length: genomeLength }, () => 'ACGT'[Math.floor(random() * 4)]).join('');
  const reads1 = [];
  const reads2 = [];
  let fragment = '';
  for (let index = 0; index < pairs; index += 1) {
    if (fragment === '' || random() > 0.04) fragment = fragmentOf(genome, readLength, random);
    const name = `GENOFLOW:1:DEMO:1:${1101 + Math.floor(index / 1_000)}:${1_000 + index}:${2_000 + ((index * 37) % 9_973)}`;
    reads1.push(record(`${name} 1:N:0:ACGTACGT`, fragment + ADAPTER_1, readLength, random));
    reads2.push(record(`${name} 2:N:0:ACGTACGT`, reverseComplement(fragment) + ADAPTER_2, readLength, random));
  }
  return { reads1: reads1.join(''), reads2: reads2.join(''), reference: fasta('demo', genome) };
}

function fragmentOf(genome, readLength, random) {
  const isShort = random() < 0.06;
  const length = Math.min(
    genome.length,
    Math.floor(isShort ? readLength * (0.6 + 0.4 * random()) : readLength * (1.8 + 1.6 * random())),
  );
  const start = Math.floor(random() * (genome.length - length + 1));
  const fragment = genome.slice(start, start + length);
  return random() < 0.5 ? fragment : reverseComplement(fragment);
}

function record(name, template, readLength, random) {
  let bases = '';
  let qualities = '';
  for (let position = 0; position < readLength; position += 1) {
    const isUnread = random() < 0.001;
    const quality = isUnread ? 2 : qualityAt(position / readLength, random);
    const isWrong = random() < 10 ** (-quality / 10);
    const base = template[position] ?? 'G';
    bases += isUnread ? 'N' : isWrong ? COMPLEMENT[base] : base;
    qualities += String.fromCharCode(PHRED_OFFSET + quality);
  }
  return `@${name}\n${bases}\n+\n${qualities}\n`;
}

function qualityAt(fraction, random) {
  const quality = Math.round(38 - 10 * fraction ** 3 - 8 * random() ** 4);
  return Math.min(40, Math.max(2, quality));
}

const reverseComplement = (bases) =>
  Array.from(bases, (base) => COMPLEMENT[base])
    .reverse()
    .join('');

const fasta = (name, bases) => `>${name}\n${bases.replace(/.{1,60}/g, '$&\n')}`;

// mulberry32: 32 bits of state are enough for a demonstration, and the same everywhere.
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
