import type { FileReport } from '../file-report.js';

interface FastqcModule {
  readonly name: string;
  readonly verdict: string;
  readonly comments: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** For tests: the modules of a `fastqc_data.txt`. */
export function parseFastqcData(text: string): FastqcModule[] {
  return text
    .split('>>END_MODULE')
    .map((part) => part.split('\n').filter((line) => line !== '' && !line.startsWith('##')))
    .filter((lines) => lines[0]?.startsWith('>>'))
    .map(([title = '', ...lines]) => {
      const [name = '', verdict = ''] = title.slice(2).split('\t');
      const rows = lines.filter((line) => !line.startsWith('#')).map((line) => line.split('\t'));
      return { name, verdict, comments: lines.filter((line) => line.startsWith('#')), rows };
    });
}

/**
 * For tests: every difference between our report and FastQC's, as text. Numbers must be equal as doubles, which is
 * equality to the last digit printed; the file's name is the one row that is ours to leave out.
 */
export function differencesFromFastqc(report: FileReport, text: string): string[] {
  const expected = parseFastqcData(text);
  const differences: string[] = [];
  const compare = (place: string, ours: unknown, theirs: unknown): void => {
    const equal = typeof ours === 'number' ? ours === Number(theirs) : ours === theirs;
    if (!equal) differences.push(`${place}: ${String(ours)} instead of ${String(theirs)}`);
  };
  compare('modules', report.modules.map(({ name }) => name).join(), expected.map(({ name }) => name).join());
  for (const module of expected) {
    const ours = report.modules.find(({ name }) => name === module.name);
    compare(`${module.name} verdict`, ours?.verdict, module.verdict);
    const rows = module.rows.filter(([first]) => first !== 'Filename');
    compare(`${module.name} rows`, ours?.data.rows.length, rows.length);
    rows.forEach((row, i) => {
      row.forEach((cell, j) => {
        const value = ours?.data.rows[i]?.[j];
        compare(`${module.name} row ${i} column ${j}`, value === null ? 'NaN' : value, cell);
      });
    });
    const share = module.comments.find((line) => line.startsWith('#Total Deduplicated'))?.split('\t')[1];
    if (share !== undefined) compare('share left', ours?.observed, share);
  }
  return differences;
}
