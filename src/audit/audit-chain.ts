import { createHash } from 'node:crypto';

/** What is recorded about one act; the chain's own members are added when it is written. */
export interface AuditFact {
  readonly event: string;
  /** Wall time, ISO 8601 with milliseconds. */
  readonly at: string;
  readonly [member: string]: string | number | readonly string[] | undefined;
}

/** Where the chain stands: the number and hash of its last entry. */
export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

export const CHAIN_START: ChainHead = { sequence: 0, hash: '0'.repeat(64) };

/**
 * An entry's line without its end: `{"sequence":n,...fact,"previous":"<hash>","hash":"<hash>"}`, where `hash` is the
 * SHA-256 of all that stands before it. `previous` makes each entry vouch for all before it.
 */
export function chained(fact: AuditFact, head: ChainHead): { line: string; head: ChainHead } {
  const sequence = head.sequence + 1;
  const content = JSON.stringify({ sequence, ...fact, previous: head.hash }).slice(0, -1);
  const hash = hashOf(content);
  return { line: `${content},"hash":"${hash}"}`, head: { sequence, hash } };
}

const HASH_PART = /^(.*),"hash":"([0-9a-f]{64})"\}$/;

/** The head after `line`, or what is wrong with it as a continuation of `former`. */
export function followed(line: string, former: ChainHead | undefined): ChainHead | { readonly fault: string } {
  const [, content, hash] = HASH_PART.exec(line) ?? [];
  if (content === undefined || hash === undefined) return { fault: 'is not a whole entry' };
  if (hashOf(content) !== hash) return { fault: 'was altered' };
  const { sequence, previous } = JSON.parse(`${content}}`) as { sequence: number; previous: string };
  if (former !== undefined && sequence !== former.sequence + 1)
    return { fault: `has number ${sequence} where ${former.sequence + 1} belongs` };
  if (former !== undefined && previous !== former.hash) return { fault: 'does not follow from the entry before it' };
  return { sequence, hash };
}

const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex');
