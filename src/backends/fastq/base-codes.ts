/** Codes of the letters of a read, either case: A 0, C 1, G 2, T 3, N 4, anything else 5. */
export const BASE_CODES = letterTable(5, { A: 0, C: 1, G: 2, T: 3, N: 4 });

/** The letter that pairs with a base, upper case; N for all but ACGT. */
export const COMPLEMENTS = letterTable(78, { A: 84, C: 71, G: 67, T: 65 });

function letterTable(otherwise: number, letters: Readonly<Record<string, number>>): Uint8Array {
  const table = new Uint8Array(256).fill(otherwise);
  for (const [letter, code] of Object.entries(letters)) {
    table[letter.charCodeAt(0)] = code;
    table[letter.toLowerCase().charCodeAt(0)] = code;
  }
  return table;
}
