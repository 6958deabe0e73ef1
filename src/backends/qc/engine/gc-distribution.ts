interface GcModel {
  /** By GC count: first and last percentage it can stand for. */
  readonly low: Uint8Array;
  readonly high: Uint8Array;
  /** By percentage: share of one read. */
  readonly share: Float64Array;
}

/** The part of a read FastQC takes GC from: whole hundreds of bases above 100, whole thousands above 1000. */
export function gcLength(length: number): number {
  if (length > 1000) return length - (length % 1000);
  return length > 100 ? length - (length % 100) : length;
}

/**
 * Reads by GC percentage, 0 to 100. A read of n bases cannot have every percentage; as in FastQC each count is spread
 * over the percentages it may stand for, shared with the counts that claim the same one.
 */
export class GcDistribution {
  readonly counts = new Float64Array(101);
  private readonly models = new Map<number, GcModel>();

  /** `length` is a {@link gcLength}, so that there are at most some 140 different ones; 0 counts nothing. */
  add(gcCount: number, length: number): void {
    if (length === 0) return;
    let model = this.models.get(length);
    if (model === undefined) {
      model = gcModel(length);
      this.models.set(length, model);
    }
    const high = model.high[gcCount] as number;
    for (let percent = model.low[gcCount] as number; percent <= high; percent += 1) {
      this.counts[percent] = (this.counts[percent] as number) + (model.share[percent] as number);
    }
  }
}

function gcModel(length: number): GcModel {
  const low = new Uint8Array(length + 1);
  const high = new Uint8Array(length + 1);
  const claims = new Float64Array(101);
  for (let count = 0; count <= length; count += 1) {
    low[count] = Math.round((Math.max(0, count - 0.5) * 100) / length);
    high[count] = Math.round((Math.min(length, count + 0.5) * 100) / length);
    for (let percent = low[count] as number; percent <= (high[count] as number); percent += 1) {
      claims[percent] = (claims[percent] as number) + 1;
    }
  }
  return { low, high, share: claims.map((claim) => 1 / claim) };
}
