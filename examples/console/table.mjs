/**
 * Lays rows out in columns as wide as their widest cell; columns whose cells are all figures are aligned to the right.
 * @param {string[]} headings
 * @param {(string | number)[][]} rows
 * @returns {string} lines, each indented by two blanks
 */
export function table(headings, rows) {
  const cells = rows.map((row) => row.map(String));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const isNumeric = headings.map((_heading, column) => rows.every((row) => typeof row[column] === 'number'));
  const line = (row) =>
    `  ${row.map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ')}`.trimEnd();
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

/** @param {number} count bytes @returns {string} such as `1.5 MiB` */
export function formatBytes(count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  return `${(count / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
