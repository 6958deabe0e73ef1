import type { Read } from './fastq-batch.js';

const WINDOW = 4;
const PHRED_OFFSET = 33;
const N = 78;

/**
 * The read's length after cutting its 3' end: bases go one at a time while the mean Phred score (Sanger encoding) of
 * the last four is below `cutoff`; Ns that are then last go too. A cutoff of 0 cuts nothing.
 */
export function lengthAboveQuality(read: Read, cutoff: number): number {
  if (cutoff === 0) return read.length;
  const { data, quality } = read;
  let end = read.length;
  let sum = 0;
  for (let i = Math.max(0, end - WINDOW); i < end; i += 1) sum += (data[quality + i] as number) - PHRED_OFFSET;
  while (end > 0 && sum < cutoff * Math.min(WINDOW, end)) {
    end -= 1;
    sum -= (data[quality + end] as number) - PHRED_OFFSET;
    if (end >= WINDOW) sum += (data[quality + end - WINDOW] as number) - PHRED_OFFSET;
  }
  if (end < read.length) while (end > 0 && ((data[read.sequence + end - 1] as number) & 0xdf) === N) end -= 1;
  return end;
}
