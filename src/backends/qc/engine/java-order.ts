/**
 * FastQC lists equally frequent sequences in the order of a Java HashMap, which is fixed by the strings' hash codes:
 * by bucket, then by insertion. Following it keeps our table comparable with FastQC's line by line.
 */
const FIRST_CAPACITY = 16;
const LOAD_FACTOR = 0.75;

/** Bucket of a string in a HashMap that holds `size` entries. */
export function javaBucket(text: string, size: number): number {
  let capacity = FIRST_CAPACITY;
  while (size > capacity * LOAD_FACTOR) capacity *= 2;
  let hash = 0;
  for (let i = 0; i < text.length; i += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & (capacity - 1);
}
