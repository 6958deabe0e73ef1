/** A run of read positions reported as one row: 1-based and inclusive. */
export interface BaseGroup {
  readonly first: number;
  readonly last: number;
  /** `7` or `10-11`. */
  readonly label: string;
}

const UNGROUPED_UP_TO = 75;
const SINGLE_BASES = 9;
const STEPS = [2, 5, 10];

/**
 * FastQC's linear grouping: reads up to 75 bases are not grouped; of longer ones the first nine positions stand alone
 * and the rest falls into groups of the smallest of 2, 5, 10, 20, 50, ... that makes fewer than 75 rows.
 */
export function baseGroups(length: number): BaseGroup[] {
  const groups: BaseGroup[] = [];
  const width = length <= UNGROUPED_UP_TO ? 1 : groupWidth(length);
  let first = 1;
  while (first <= length) {
    const next = nextStart(first, width);
    const last = Math.min(next - 1, length);
    groups.push({ first, last, label: first === last ? String(first) : `${first}-${last}` });
    first = next;
  }
  return groups;
}

// With groups wider than ten, the one that starts at 10 ends before the first multiple of the width.
function nextStart(first: number, width: number): number {
  if (first < 10) return first + 1;
  return first === 10 && width > 10 ? width : first + width;
}

function groupWidth(length: number): number {
  for (let scale = 1; ; scale *= 10) {
    for (const step of STEPS) {
      const width = step * scale;
      if (SINGLE_BASES + Math.ceil((length - SINGLE_BASES) / width) < UNGROUPED_UP_TO) return width;
    }
  }
}
