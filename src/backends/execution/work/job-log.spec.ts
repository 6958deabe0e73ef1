import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobLog, logPath, MAX_LOG_BYTES } from './job-log.js';

describe("a job's log", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'log-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('never grows beyond its bound, over any number of attempts, and says that it ends', async () => {
    const path = logPath(directory, 'job_a');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const log = await JobLog.open(path, () => 0);
      for (let line = 0; line < 1_000; line += 1) log.line('x'.repeat(3_000));
      await log.close();
      expect((await stat(path)).size).toBeLessThanOrEqual(MAX_LOG_BYTES);
    }
    expect((await readFile(path, 'utf8')).match(/the log ends here/g)).toHaveLength(1);
  });

  it('keeps control sequences of programs from the reader', async () => {
    const log = await JobLog.open(logPath(directory, 'job_a'), () => 0);
    log.line('\u001b[31mred\u001b[0m\u0007 bell\rback');
    await log.close();
    expect(await readFile(logPath(directory, 'job_a'), 'utf8')).toBe('1970-01-01T00:00:00.000Z red bellback\n');
  });

  it('has no path for what is no job id', () => {
    expect(() => logPath(directory, '../../etc/passwd')).toThrow(RangeError);
  });
});
