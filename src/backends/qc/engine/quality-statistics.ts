/** Position must have more reads than this for its percentiles to be reported. */
const MIN_READS = 100;

/** Scores of one read position: reads by quality character, index 0 being character 33. */
export class QualityStatistics {
  readonly total: number;

  constructor(
    private readonly counts: Float64Array,
    /** 33 or 64: what a character stands above its score. */
    private readonly offset: number,
  ) {
    this.total = counts.reduce((sum, count) => sum + count, 0);
  }

  get hasPercentiles(): boolean {
    return this.total > MIN_READS;
  }

  mean(): number {
    let sum = 0;
    this.counts.forEach((count, index) => (sum += count * (index + 33 - this.offset)));
    return sum / this.total;
  }

  /** Lowest score that at least `percent` of a hundred of the reads (rounded down) reach or stay below. */
  percentile(percent: number): number {
    const wanted = Math.floor((this.total * percent) / 100);
    let seen = 0;
    for (let index = this.offset - 33; index < this.counts.length; index += 1) {
      seen += this.counts[index] as number;
      if (seen >= wanted) return index + 33 - this.offset;
    }
    return -1;
  }
}
