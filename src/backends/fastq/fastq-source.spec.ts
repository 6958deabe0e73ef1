import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { plainBytes } from './fastq-source.js';

async function inflate(pieces: readonly Buffer[]): Promise<{ text: string; counted: number }> {
  let text = '';
  let counted = 0;
  for await (const piece of plainBytes(Readable.from(pieces), (bytes) => (counted += bytes))) {
    text += Buffer.from(piece).toString('latin1');
  }
  return { text, counted };
}

const packed = gzipSync('first member\n');
const second = gzipSync('second\n');

describe('plainBytes', () => {
  it('joins the members of a gzip file and counts its compressed bytes', async () => {
    const file = Buffer.concat([packed, second]);
    expect(await inflate([file])).toEqual({ text: 'first member\nsecond\n', counted: file.length });
  });

  it('recognises gzip when the first bytes come one by one', async () => {
    const pieces = Array.from(packed, (byte) => Buffer.of(byte));
    expect((await inflate(pieces)).text).toBe('first member\n');
  });

  it('passes plain bytes through', async () => {
    expect((await inflate([Buffer.from('@a'), Buffer.from('\nA')])).text).toBe('@a\nA');
    expect((await inflate([])).text).toBe('');
  });

  it('tells a truncated file from a damaged one', async () => {
    await expect(inflate([packed.subarray(0, packed.length - 9)])).rejects.toMatchObject({ code: 'gzip_truncated' });
    const damaged = Buffer.from(gzipSync('AAAA'.repeat(100) + Math.PI));
    damaged[14] = (damaged[14] ?? 0) ^ 0xff;
    await expect(inflate([damaged])).rejects.toMatchObject({ code: 'gzip_corrupt' });
  });

  it('passes on the error of its source', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(packed.subarray(0, 12));
      throw new Error('connection lost');
    }
    await expect(inflate(broken() as unknown as Buffer[])).rejects.toThrow('connection lost');
  });
});
