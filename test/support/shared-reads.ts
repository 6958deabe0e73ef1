import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './built-gateway.js';

const READS = join(ROOT, '../shared/data/reads');

/** Real read pairs with their references, where they lie beside the project; says so where they do not. */
export function sharedReads(): { name: string; files: string[] }[] {
  if (!existsSync(READS)) {
    process.stderr.write('no real reads lie beside the project; left out: the tests on them\n');
    return [];
  }
  return readdirSync(READS).map((name) => {
    const directory = join(READS, name);
    const mates = readdirSync(directory)
      .filter((file) => file.endsWith('.fastq.gz'))
      .sort();
    return { name, files: [...mates, 'ref.fa'].map((file) => join(directory, file)) };
  });
}
