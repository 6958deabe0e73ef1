export interface ReadOptions {
  readonly count?: number;
  readonly length?: number;
  /** Ends each name with `/1` or ` 1:N:0:ACGT`. */
  readonly mate?: 1 | 2;
  readonly prefix?: string;
  readonly lineBreak?: string;
}

/** Small FASTQ text, the same for the same options. */
export function fastqText({
  count = 4,
  length = 20,
  mate,
  prefix = 'run:1',
  lineBreak = '\n',
}: ReadOptions = {}): string {
  const bases = 'ACGT'.repeat(Math.ceil(length / 4)).slice(0, length);
  const lines: string[] = [];
  for (let read = 1; read <= count; read += 1) {
    const suffix = mate === undefined ? '' : ` ${mate}:N:0:ACGT`;
    lines.push(`@${prefix}:${read}${suffix}`, bases, '+', 'I'.repeat(length));
  }
  return lines.join(lineBreak) + lineBreak;
}
