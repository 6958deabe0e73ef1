import { join } from 'node:path';
import { CHAIN_START, followed, type ChainHead } from './audit-chain.js';
import { fileName, fileNumbers, linesOf } from './audit-files.js';

export type Verdict =
  | { readonly intact: true; readonly entries: number; readonly head: ChainHead }
  | { readonly intact: false; readonly file: string; readonly line: number; readonly fault: string };

/**
 * Reads the whole record and names the first entry that was altered, removed, added or moved. Entries taken off the
 * very end leave an intact, shorter chain: compare the head with one noted before.
 */
export async function verifyAudit(directory: string): Promise<Verdict> {
  let head = CHAIN_START;
  for (const fileNumber of fileNumbers(directory)) {
    const file = fileName(fileNumber);
    for await (const { number, line } of linesOf(join(directory, file))) {
      const next = followed(line, head);
      if ('fault' in next) return { intact: false, file, line: number, fault: next.fault };
      head = next;
    }
  }
  return { intact: true, entries: head.sequence, head };
}
