import { gzipSync } from 'node:zlib';
import { fastqText } from '../../../../test/support/reads.js';
import { ContentCheck, type ContentFindings } from './content-check.js';
import { ContentError } from './content-fault.js';
import { firstDifference } from './read-names.js';

async function check(content: Buffer, step = content.length): Promise<ContentFindings> {
  const subject = new ContentCheck();
  try {
    for (let at = 0; at < content.length; at += step) await subject.push(content.subarray(at, at + step));
    return await subject.end();
  } finally {
    subject.close();
  }
}

const faultOf = async (content: Buffer | string, step?: number): Promise<unknown> =>
  check(Buffer.from(content), step).then(
    () => 'accepted',
    (error: unknown) => (error instanceof ContentError ? { ...error.fault, detail: undefined } : error),
  );

const text = fastqText();
const zipped = gzipSync(text);
const BGZF_END = Buffer.from('1f8b08040000000000ff0600424302001b0003000000000000000000', 'hex');

describe('the content check', () => {
  it.each([
    ['plain text', Buffer.from(text), 'none'],
    ['CRLF', Buffer.from(fastqText({ lineBreak: '\r\n' })), 'none'],
    ['no last line break', Buffer.from(text.trimEnd()), 'none'],
    ['blank lines at the end', Buffer.from(`${text}\n\n`), 'none'],
    ['gzip', zipped, 'gzip'],
    ['several gzip members', Buffer.concat([zipped, gzipSync(''), BGZF_END]), 'gzip'],
  ])('accepts FASTQ with %s, cut anywhere', async (_name, content, compression) => {
    for (const step of [1, 2, 7, content.length]) {
      const found = await check(content, step);
      expect(found).toMatchObject({ fileType: 'fastq', compression, names: { count: 4 } });
    }
  });

  it.each([
    ['fasta', '>chr1\nACGT\n'],
    ['vcf', '##fileformat=VCFv4.3\n#CHROM\n'],
    ['cram', 'CRAM\u0003\u0000whatever follows'],
  ])('recognises %s by its content', async (fileType, content) => {
    expect(await check(Buffer.from(content, 'latin1'), 3)).toMatchObject({ fileType, names: null });
  });

  it('recognises BAM, which ends with its end-of-file block', async () => {
    const body = gzipSync(Buffer.from('BAM\u0001 some more content of the file', 'latin1'));
    expect(await check(Buffer.concat([body, BGZF_END]), 5)).toMatchObject({ fileType: 'bam' });
    expect(await faultOf(body)).toMatchObject({ code: 'gzip_truncated' });
  });

  it.each([
    ['nothing', '', 'file_empty', null, null],
    ['gzip of nothing', gzipSync(''), 'file_empty', null, null],
    ['text that is no format', 'hello world, this is no reads', 'unsupported_file_type', null, null],
    ['a single byte', 'x', 'unsupported_file_type', null, null],
    ['gzip without its end', zipped.subarray(0, -3), 'gzip_truncated', null, null],
    ['a second member without its end', Buffer.concat([zipped, zipped.subarray(0, -9)]), 'gzip_truncated', null, null],
    ['a flipped bit', flip(zipped, zipped.length - 6), 'gzip_corrupt', null, null],
    ['garbage behind the gzip', Buffer.concat([zipped, Buffer.from('garbage behind')]), 'gzip_corrupt', null, null],
    ['zeros behind the gzip', Buffer.concat([zipped, Buffer.alloc(32)]), 'gzip_corrupt', null, null],
    ['an end within the header', `${text}@run:1`, 'fastq_truncated', 5, 17],
    ['an end within the bases', `${text}@run\nACG`, 'fastq_truncated', 5, 18],
    ['an end behind the bases', `${text}@run\nACG\n`, 'fastq_truncated', 5, 19],
    ['an end within the qualities', `${text}@run\nACG\n+\nII`, 'fastq_truncated', 5, 20],
    ['too few qualities', `${text}@run\nACG\n+\nII\n${text}`, 'fastq_length_mismatch', 5, 20],
    ['too many qualities', `${text}@run\nACG\n+\nIIII\n`, 'fastq_length_mismatch', 5, 20],
    ['too many qualities at the end', `${text}@run\nACG\n+\nIIII`, 'fastq_length_mismatch', 5, 20],
    ['a header without @', `${text}run\nACG\n+\nIII\n`, 'fastq_malformed', 5, 17],
    ['a read without a name', `${text}@ x\nACG\n+\nIII\n`, 'fastq_malformed', 5, 17],
    ['a base that is none', `${text}@run\nAC!\n+\nIII\n`, 'fastq_malformed', 5, 18],
    ['a third line without +', `${text}@run\nACG\nIII\n+\n`, 'fastq_malformed', 5, 19],
    ['an empty third line', `${text}@run\nACG\n\nIII\n`, 'fastq_malformed', 5, 19],
    ['a blank in the qualities', `${text}@run\nACG\n+\nI I\n`, 'fastq_malformed', 5, 20],
    [
      'a high byte in the qualities',
      Buffer.from(`${text}@run\nACG\n+\nI\u00ffI\n`, 'latin1'),
      'fastq_malformed',
      5,
      20,
    ],
    ['a blank line between records', `${text}\n${text}`, 'fastq_malformed', 5, 17],
    ['a carriage return within a line', `${text}@run\nA\rCG\n+\nIII\n`, 'fastq_malformed', 5, 18],
    ['a damaged record inside gzip', gzipSync(`${text}@run\nACG\n+\nII\n`), 'fastq_length_mismatch', 5, 20],
  ])('refuses %s, cut anywhere', async (_name, content, code, record, line) => {
    for (const step of [1, 3, 1 << 20])
      expect(await faultOf(content, step)).toEqual({ code, record, line, detail: undefined });
  });

  it('refuses content that grows beyond reason', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from('@r\n'), Buffer.alloc(300 * 1024 * 1024, 'A')]), { level: 1 });
    expect(await faultOf(bomb, 65_536)).toMatchObject({
      code: expect.stringMatching(/upload_too_large|fastq_malformed/),
    });
  });
});

function flip(content: Buffer, at: number): Buffer {
  const copy = Buffer.from(content);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

describe('read names', () => {
  const namesOf = async (content: string): Promise<NonNullable<ContentFindings['names']>> => {
    const { names } = await check(Buffer.from(content), 5);
    if (names === null) throw new Error('no names');
    return names;
  };

  it('are the same for mates in either notation', async () => {
    const one = await namesOf(fastqText({ mate: 1 }));
    expect(firstDifference(one, await namesOf(fastqText({ mate: 2 })))).toBeNull();
    const old = fastqText().replaceAll(/^(@.*)$/gm, '$1/2');
    expect(firstDifference(one, await namesOf(old))).toBeNull();
  });

  it('tell the record at which two files part', async () => {
    const names = await namesOf(fastqText({ count: 300 }));
    const at = async (record: number): Promise<unknown> =>
      firstDifference(names, await namesOf(fastqText({ count: 300 }).replace(`:${record}\n`, ':other\n')));
    expect(await at(1)).toEqual({ record: 1, isExact: true });
    expect(await at(40)).toEqual({ record: 40, isExact: true });
    expect(await at(200)).toEqual({ record: 129, isExact: false });
    expect(await at(299)).toEqual({ record: 257, isExact: false });
  });

  it('tell a file that has fewer reads', async () => {
    const difference = firstDifference(await namesOf(fastqText({ count: 9 })), await namesOf(fastqText({ count: 8 })));
    expect(difference).toEqual({ record: 9, isExact: true });
  });
});
