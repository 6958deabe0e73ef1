const SPACE = 32;
const TAB = 9;
const SLASH = 47;
const ONE = 49;
const TWO = 50;

/**
 * Where the part of a header that both mates share ends: before the first blank, and before an old-style `/1` or `/2`.
 * `start` is the offset of the "@".
 */
export function nameEnd(data: Uint8Array, start: number, headerEnd: number): number {
  let end = start;
  while (end < headerEnd && data[end] !== SPACE && data[end] !== TAB) end += 1;
  const last = data[end - 1];
  if (end - start > 2 && data[end - 2] === SLASH && (last === ONE || last === TWO)) return end - 2;
  return end;
}
