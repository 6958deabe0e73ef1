import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ContentCheck, type ContentFindings } from './content-check.js';
import type { Growth } from './growth.js';

const READ_BYTES = 256 * 1024;

export interface ContentReport extends ContentFindings {
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Follows a file while it is written: hashes and checks each piece as it appears. The bytes are still in the page
 * cache, so reading them again costs a copy, and the checking needs no place in the path of the upload's own bytes.
 * Throws ContentError for a file that is refused.
 */
export async function inspectFile(
  path: string,
  growth: Growth,
  progress: (position: number) => void,
): Promise<ContentReport> {
  const file = await open(path, 'r');
  const check = new ContentCheck();
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  let position = 0;
  try {
    for (let size = await growth.beyond(0); size !== undefined; size = await growth.beyond(position)) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(READ_BYTES, size - position), position);
      if (bytesRead === 0) throw new Error('The file is shorter than was said.');
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await check.push(chunk);
      position += bytesRead;
      progress(position);
    }
    return { ...(await check.end()), size: position, sha256: hash.digest('hex') };
  } finally {
    check.close();
    await file.close();
  }
}
