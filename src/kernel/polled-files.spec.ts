import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolledFiles } from './polled-files.js';

describe('PolledFiles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'polled-'));
  const paths = [join(folder, 'a'), join(folder, 'b')] as const;
  let changes = 0;
  let files: PolledFiles;

  beforeEach(() => {
    paths.forEach((path) => {
      writeFileSync(path, 'one');
    });
    changes = 0;
    files = new PolledFiles(paths, () => (changes += 1));
  });
  afterEach(() => {
    files.stop();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('tell once at the first look, and then of every change of any', () => {
    files.look();
    files.look();
    expect(changes).toBe(1);
    writeFileSync(paths[1], 'other');
    files.look();
    files.look();
    expect(changes).toBe(2);
  });

  it('wait while one is absent, and tell when it is back', () => {
    files.look();
    rmSync(paths[0]);
    files.look();
    expect(changes).toBe(1);
    writeFileSync(paths[0], 'three');
    files.look();
    expect(changes).toBe(2);
  });

  it('see a swapped symbolic link, as a mounted Secret changes', () => {
    const [first, second, link] = [join(folder, 'v1'), join(folder, 'v2'), join(folder, 'data')];
    for (const version of [first, second]) {
      mkdirSync(version);
      writeFileSync(join(version, 'tls.crt'), 'same length');
    }
    symlinkSync(first, link);
    files = new PolledFiles([join(link, 'tls.crt')], () => (changes += 1));
    files.look();
    symlinkSync(second, `${link}.next`);
    renameSync(`${link}.next`, link);
    files.look();
    expect(changes).toBe(2);
  });
});
