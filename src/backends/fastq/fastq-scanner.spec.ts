import fc from 'fast-check';
import { FastqScanner, MAX_READ_LENGTH } from './fastq-scanner.js';
import { fastqText, generatedReads, type GeneratedRead } from './testing/generated-reads.js';

function scan(pieces: readonly Uint8Array[]): GeneratedRead[] {
  const reads: GeneratedRead[] = [];
  const scanner = new FastqScanner((buffer, span) => {
    const length = span.sequenceEnd - span.sequenceStart;
    reads.push({
      header: buffer.toString('latin1', span.headerStart, span.headerEnd),
      sequence: buffer.toString('latin1', span.sequenceStart, span.sequenceEnd),
      quality: buffer.toString('latin1', span.qualityStart, span.qualityStart + length),
    });
  });
  for (const piece of pieces) scanner.push(piece);
  scanner.end();
  return reads;
}

const scanText = (text: string): GeneratedRead[] => scan([Buffer.from(text)]);

describe('FastqScanner', () => {
  it('finds the same records however the bytes are cut, with either line break', () => {
    const reads = generatedReads(30, 5);
    const property = fc.property(
      fc.constantFrom('\n', '\r\n'),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      (lineBreak, sizes, endsOpen) => {
        const whole = Buffer.from(fastqText(reads, lineBreak));
        const bytes = endsOpen ? whole.subarray(0, whole.length - lineBreak.length) : whole;
        const pieces: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect(scan(pieces)).toEqual(reads);
      },
    );
    fc.assert(property);
  });

  it('takes empty reads and blank lines between records', () => {
    expect(scanText('\n@a\n\n+\n\n\n\n@b\nA\n+b\nI\n\n')).toEqual([
      { header: '@a', sequence: '', quality: '' },
      { header: '@b', sequence: 'A', quality: 'I' },
    ]);
  });

  it.each([
    ['', 'file_empty', null],
    ['\n\n', 'file_empty', null],
    ['a\nA\n+\nI\n', 'fastq_malformed', 1],
    ['@a\nA\n+\nI\n@b\nA\n-\nI\n', 'fastq_malformed', 2],
    ['@a\nA\n+\nI\n@b\nAC\n+\nI\n', 'fastq_length_mismatch', 2],
    ['@a\nA\n+\nI\n@b\nA\n', 'fastq_truncated', 2],
    ['@a\nA\n+\n', 'fastq_truncated', 1],
    ['@a\nAC\n+\nI', 'fastq_truncated', 1],
    ['@a\nA\n+\nII', 'fastq_length_mismatch', 1],
    ['@a\nA\n+', 'fastq_truncated', 1],
    ['@a', 'fastq_truncated', 1],
  ])('refuses %j as %s at record %p', (text, code, record) => {
    expect(() => scanText(text)).toThrow(expect.objectContaining({ code, record }));
  });

  it('refuses a read or a header beyond its bounds instead of growing', () => {
    const long = 'A'.repeat(MAX_READ_LENGTH + 1);
    expect(() => scanText(`@a\n${long}\n+\n${long}\n`)).toThrow(expect.objectContaining({ code: 'read_too_long' }));
    const endless = Buffer.alloc(1 << 20, 'A');
    endless[0] = 64;
    expect(() => scan([endless])).toThrow(expect.objectContaining({ code: 'read_too_long', record: 1 }));
  });
});
