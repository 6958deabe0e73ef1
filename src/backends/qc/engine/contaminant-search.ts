import { CONTAMINANTS } from './contaminants.js';

/** A match is longer than this; one base in it may differ. */
const MIN_OVERLAP = 20;
const SHORTEST_QUERY = 8;

interface Match {
  readonly length: number;
  /** Percent of agreeing bases, rounded down. */
  readonly identity: number;
}

/** A match with one difference holds so many agreeing bases in a row. */
const SEED = 10;

const PAIRS: Readonly<Record<string, string>> = { A: 'T', C: 'G', G: 'C', T: 'A' };
const STRANDS = CONTAMINANTS.map(({ name, sequence }) => {
  const reverse = [...sequence].reverse();
  const strands = [sequence, reverse.map((base) => PAIRS[base]).join('')];
  return { name, strands, seeds: new Set(strands.flatMap(seedsOf)) };
});

/** `name (97% over 49bp)` of the known oligonucleotide that a sequence agrees with longest, or `No Hit`. */
export function possibleSource(query: string): string {
  let found: { name: string; match: Match } | null = null;
  const querySeeds = seedsOf(query);
  for (const { name, strands, seeds } of STRANDS) {
    if (query.length > MIN_OVERLAP && !querySeeds.some((seed) => seeds.has(seed))) continue;
    const match = bestMatch(strands, query);
    if (match !== null && (found === null || match.length > found.match.length)) found = { name, match };
  }
  return found === null ? 'No Hit' : `${found.name} (${found.match.identity}% over ${found.match.length}bp)`;
}

function seedsOf(sequence: string): string[] {
  const seeds: string[] = [];
  for (let i = 0; i + SEED <= sequence.length; i += 1) seeds.push(sequence.slice(i, i + SEED));
  return seeds;
}

function bestMatch(strands: readonly string[], query: string): Match | null {
  if (query.length >= SHORTEST_QUERY && query.length < MIN_OVERLAP) {
    return strands.some((strand) => strand.includes(query)) ? { length: query.length, identity: 100 } : null;
  }
  let best: Match | null = null;
  for (const strand of strands) {
    for (let offset = MIN_OVERLAP - strand.length; offset < query.length - MIN_OVERLAP; offset += 1) {
      const match = longestRun(strand, query, offset);
      if (match !== null && (best === null || match.length > best.length)) best = match;
    }
  }
  return best;
}

/** Longest run with one difference when the strand's first base lies at `offset` of the query. */
function longestRun(strand: string, query: string, offset: number): Match | null {
  let best: Match | null = null;
  let start = Math.max(0, -offset);
  let end = start - 1;
  let differences = 0;
  const close = (inside: number): void => {
    const length = end - start + 1;
    if (length <= MIN_OVERLAP) return;
    const identity = Math.floor(((length - inside) * 100) / length);
    if (best === null || length > best.length || (length === best.length && identity > best.identity)) {
      best = { length, identity };
    }
  };
  const stop = Math.min(strand.length, query.length - offset);
  for (let i = start; i < stop; i += 1) {
    if (strand[i] === query[i + offset]) {
      end = i;
      continue;
    }
    differences += 1;
    if (differences < 2) continue;
    close(1);
    start = i + 1;
    end = i;
    differences = 0;
  }
  close(differences);
  return best;
}
