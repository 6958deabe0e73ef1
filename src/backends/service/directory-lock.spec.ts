import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryLock, DirectoryLockedError } from './directory-lock.js';

describe('the directory lock', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'genoflow-lock-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const hold = (holder: Record<string, unknown>): Promise<void> =>
    writeFile(
      join(directory, 'lock'),
      JSON.stringify({ token: 'other', startedAt: '', host: hostname(), pid: 1, ...holder }),
    );

  it('keeps a second holder out until it is released', async () => {
    const lock = await DirectoryLock.take(directory);
    await expect(DirectoryLock.take(directory, 0)).rejects.toThrow(DirectoryLockedError);
    await lock.release();
    await (await DirectoryLock.take(directory, 0)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is taken over from a dead process', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    await hold({ pid: dead.pid });
    await (await DirectoryLock.take(directory)).release();
  });

  it('is taken over when the pid now belongs to another process', async () => {
    await hold({ pid: process.pid, startedAt: '1' });
    await (await DirectoryLock.take(directory)).release();
  });

  it('is taken over from another host only when its heartbeat has stopped', async () => {
    await hold({ host: 'a-container' });
    await expect(DirectoryLock.take(directory, 0)).rejects.toThrow(DirectoryLockedError);
    const longAgo = Date.now() / 1000 - 60;
    await utimes(join(directory, 'lock'), longAgo, longAgo);
    await (await DirectoryLock.take(directory)).release();
  });

  it('goes to one of many who find a dead holder together', async () => {
    await hold({ pid: 0 });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => DirectoryLock.take(directory, 100)));
    const taken = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    expect(JSON.parse(await readFile(join(directory, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
    await taken[0]?.value.release();
  });
});
