import type { PairSummary, PreprocessReport } from '../../fastq/preprocess.types.js';
import type { JobRow } from '../jobs/execution.tables.js';

const summaryOf = (summary: PairSummary) => ({
  total_reads: summary.totalReads,
  total_bases: summary.totalBases,
  q20_bases: summary.q20Bases,
  q30_bases: summary.q30Bases,
  q20_rate: summary.q20Rate,
  q30_rate: summary.q30Rate,
  gc_content: summary.gcContent,
  read_1_mean_length: summary.read1MeanLength,
  read_2_mean_length: summary.read2MeanLength,
});

/** The report as a result file; rates are fractions of 1, counts are reads (not pairs) and bases. */
export function reportDocument(job: JobRow, report: PreprocessReport) {
  return {
    sample_id: job.sampleId,
    pipeline_id: job.pipelineId,
    pipeline_version: job.pipelineVersion,
    parameters: job.parameters,
    before: summaryOf(report.before),
    after: summaryOf(report.after),
    filtering: {
      passed_reads: report.filtering.passedReads,
      too_short_reads: report.filtering.tooShortReads,
      too_many_n_reads: report.filtering.tooManyNReads,
    },
    adapters: {
      trimmed_reads: report.adapters.trimmedReads,
      trimmed_bases: report.adapters.trimmedBases,
      overlap_trimmed_pairs: report.adapters.overlapTrimmedPairs,
      quality_trimmed_reads: report.adapters.qualityTrimmedReads,
      quality_trimmed_bases: report.adapters.qualityTrimmedBases,
    },
  };
}

export type ReportDocument = ReturnType<typeof reportDocument>;

/** The same figures as one self-contained page without scripts. */
export function reportPage(document: ReportDocument): string {
  const { before, after } = document;
  const compared = (Object.keys(before) as (keyof typeof before)[]).map((name) => [name, before[name], after[name]]);
  const title = escaped(`Preprocessing of ${document.sample_id}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<style>
body { font-family: sans-serif; margin: 2rem; max-width: 50rem }
table { border-collapse: collapse; margin-bottom: 2rem }
th, td { border-bottom: 1px solid #ccc; padding: .3rem .8rem; text-align: right }
th:first-child, td:first-child { text-align: left }
</style>
</head>
<body>
<h1>${title}</h1>
<p>${escaped(document.pipeline_id)} ${escaped(document.pipeline_version)}</p>
${table(['figure', 'before', 'after'], compared)}
${table(['reads', 'count'], Object.entries(document.filtering))}
${table(['cut', 'count'], Object.entries(document.adapters))}
${table(['parameter', 'value'], Object.entries(document.parameters))}
</body>
</html>
`;
}

function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = (tag: 'th' | 'td', values: readonly unknown[]): string =>
    values.map((value) => `<${tag}>${escaped(shown(value))}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<table>\n<tr>${cells('th', head)}</tr>\n${body}\n</table>`;
}

const shown = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(4) : String(value);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
