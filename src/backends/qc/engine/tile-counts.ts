import { encodingOf, type QualityEncoding } from './encoding.js';

/** FastQC looks at every tenth read and gives up beyond this many tiles. */
const SAMPLE_EVERY = 10;
const MAX_TILES = 1_001;
/** Bounds memory where long reads meet many tiles: 64 MiB of counters. */
const MAX_CELLS = 4_194_304;
const COLON = 58;

interface Tile {
  sums: Float64Array;
  counts: Float64Array;
}

/** Quality by flow cell tile, taken from read names of Illumina's forms (CASAVA 1.8, or the older five-field one). */
export class TileCounts {
  private readonly tiles = new Map<number, Tile>();
  private field = -1;
  private reads = 0;
  private longest = 0;
  private lowest = 255;
  private highest = 0;
  private abandoned = false;

  /** Whether this read is one to look at; false for good once the names turned out to hold no tile. */
  takesNext(): boolean {
    if (this.abandoned) return false;
    this.reads += 1;
    return this.reads % SAMPLE_EVERY === 0;
  }

  add(data: Uint8Array, headerStart: number, headerEnd: number, quality: number, length: number): void {
    const number = this.tileNumber(data, headerStart, headerEnd);
    const tile = number === null ? null : this.tile(number, length);
    if (tile === null) {
      this.abandoned = true;
      this.tiles.clear();
      return;
    }
    for (let i = 0; i < length; i += 1) {
      const character = data[quality + i] as number;
      if (character < this.lowest) this.lowest = character;
      if (character > this.highest) this.highest = character;
      tile.sums[i] = (tile.sums[i] as number) + character;
      tile.counts[i] = (tile.counts[i] as number) + 1;
    }
  }

  /** Tile numbers in ascending order; empty where the module has nothing to say. */
  numbers(): number[] {
    return this.longest === 0 ? [] : [...this.tiles.keys()].sort((a, b) => a - b);
  }

  get positions(): number {
    return this.longest;
  }

  /** As the reads looked at tell. */
  get encoding(): QualityEncoding {
    return encodingOf(this.lowest, this.highest);
  }

  /** Mean over positions [first, last] (1-based) of the mean score at each; 0 where there is none. */
  mean(number: number, first: number, last: number, offset: number): number {
    const tile = this.tiles.get(number);
    let positions = 0;
    let total = 0;
    for (let i = first - 1; tile !== undefined && i < last; i += 1) {
      const count = tile.counts[i] ?? 0;
      if (count === 0) continue;
      positions += 1;
      total += ((tile.sums[i] as number) - offset * count) / count;
    }
    return positions === 0 ? 0 : total / positions;
  }

  private tile(number: number, length: number): Tile | null {
    const longest = Math.max(this.longest, length);
    const known = this.tiles.get(number);
    const tiles = this.tiles.size + (known === undefined ? 1 : 0);
    if (tiles > MAX_TILES || tiles * longest > MAX_CELLS) return null;
    this.longest = longest;
    const tile = known ?? { sums: new Float64Array(longest), counts: new Float64Array(longest) };
    if (known === undefined) this.tiles.set(number, tile);
    if (tile.sums.length < length) {
      tile.sums = grown(tile.sums, longest);
      tile.counts = grown(tile.counts, longest);
    }
    return tile;
  }

  /** The colon-separated field that names the tile: the fifth of seven or more, the third of five or six. */
  private tileNumber(data: Uint8Array, start: number, end: number): number | null {
    let stop = end;
    while (stop > start && data[stop - 1] === COLON) stop -= 1;
    if (this.field < 0) {
      let fields = 1;
      for (let i = start; i < stop; i += 1) if (data[i] === COLON) fields += 1;
      if (fields < 5) return null;
      this.field = fields >= 7 ? 4 : 2;
    }
    let from = start;
    for (let field = 0; field < this.field; field += 1) {
      while (from < stop && data[from] !== COLON) from += 1;
      if (from >= stop) return null;
      from += 1;
    }
    let to = from;
    while (to < stop && data[to] !== COLON) to += 1;
    return wholeNumber(data, from, to);
  }
}

function wholeNumber(data: Uint8Array, from: number, to: number): number | null {
  if (from === to || to - from > 10) return null;
  let value = 0;
  for (let i = from; i < to; i += 1) {
    const digit = (data[i] as number) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  return value <= 0x7fffffff ? value : null;
}

function grown(values: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(length);
  larger.set(values);
  return larger;
}
