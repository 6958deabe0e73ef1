/** A file's read names in brief: equal briefs mean equal names in equal order. */
export interface ReadNames {
  readonly count: number;
  readonly digest: string;
  /** The digest after each of the first 64 records and after every power of two beyond: where two files part. */
  readonly ladder: readonly string[];
}

const EXACT_RUNGS = 64;
const SPACE = 32;
const TAB = 9;
const SLASH = 47;
const ONE = 49;
const TWO = 50;

/**
 * Digests read names while they stream by, without strings: two 32-bit multiplicative lanes (after FNV-1a), enough to
 * tell honest files apart, no protection against forgery. A name ends before the first blank, and before an old-style
 * `/1` or `/2`, so that mates have the same.
 */
export class ReadNameDigest {
  private low = 0x811c9dc5;
  private high = 0x9747b28c;
  private count = 0;
  private readonly ladder: string[] = [];
  private nextRung = 1;
  private inName = false;
  /** Up to two bytes that wait because they may be the `/1` at the name's end; -1 is none. */
  private held1 = -1;
  private held2 = -1;
  private length = 0;

  begin(): void {
    this.inName = true;
    this.held1 = -1;
    this.held2 = -1;
    this.length = 0;
  }

  /** More of the header line, without its "@" and its line break. */
  push(data: Uint8Array, start: number, end: number): void {
    if (!this.inName) return;
    for (let at = start; at < end; at += 1) {
      const byte = data[at] as number;
      if (byte === SPACE || byte === TAB) {
        this.inName = false;
        return;
      }
      if (this.held1 >= 0) this.mix(this.held1);
      this.held1 = this.held2;
      this.held2 = byte;
      this.length += 1;
    }
  }

  /** Ends the name; false when it was empty. */
  finish(): boolean {
    const isMateMark = this.held1 === SLASH && (this.held2 === ONE || this.held2 === TWO) && this.length > 2;
    if (!isMateMark) {
      if (this.held1 >= 0) this.mix(this.held1);
      if (this.held2 >= 0) this.mix(this.held2);
    }
    this.mix(10);
    this.count += 1;
    if (this.count === this.nextRung) {
      this.ladder.push(this.text());
      this.nextRung = this.count < EXACT_RUNGS ? this.count + 1 : this.count * 2;
    }
    return this.length > 0;
  }

  names(): ReadNames {
    return { count: this.count, digest: this.text(), ladder: this.ladder };
  }

  private mix(byte: number): void {
    this.low = Math.imul(this.low ^ byte, 0x01000193);
    this.high = Math.imul(this.high ^ byte, 0x5bd1e995) ^ (this.high >>> 15);
  }

  private text(): string {
    return (this.high >>> 0).toString(16).padStart(8, '0') + (this.low >>> 0).toString(16).padStart(8, '0');
  }
}

/** The first record at or after which the names differ; null when they are the same. */
export function firstDifference(one: ReadNames, other: ReadNames): { record: number; isExact: boolean } | null {
  if (one.count === other.count && one.digest === other.digest) return null;
  const shared = Math.min(one.ladder.length, other.ladder.length);
  let rung = 0;
  while (rung < shared && one.ladder[rung] === other.ladder[rung]) rung += 1;
  const record = rung === 0 ? 1 : recordOfRung(rung - 1) + 1;
  return { record, isExact: record <= EXACT_RUNGS || record > Math.min(one.count, other.count) };
}

const recordOfRung = (rung: number): number =>
  rung < EXACT_RUNGS ? rung + 1 : EXACT_RUNGS * 2 ** (rung - EXACT_RUNGS + 1);
