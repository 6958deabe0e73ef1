import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ManualClock } from '../../test/support/manual-clock.js';
import { auditStateChanged, type AuditStateChanged } from '../kernel/events.js';
import { AuditWriter, type AuditWriterOptions } from './audit-writer.js';
import { verifyAudit } from './verify-audit.js';

const directories: string[] = [];
const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'audit-'));
  directories.push(directory);
  return directory;
};
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

const writerFor = (directory: string, options: Partial<AuditWriterOptions> = {}): AuditWriter =>
  new AuditWriter({ directory, ...options }, new ManualClock());
const fact = (number: number) => ({ event: 'change', at: '2026-01-01T00:00:00.000Z', user_id: `usr_${number}` });

async function write(directory: string, count: number, options: Partial<AuditWriterOptions> = {}): Promise<void> {
  const writer = writerFor(directory, options);
  for (let number = 0; number < count; number += 1) {
    writer.record(fact(number));
    if (number % 3 === 0) await writer.flush();
  }
  await writer.close();
}

const filesOf = (directory: string): string[] => readdirSync(directory).sort();
const linesOf = (directory: string, file = 'audit-00000001.jsonl'): string[] =>
  readFileSync(join(directory, file), 'utf8').trimEnd().split('\n');

describe('the audit record', () => {
  it('is a chain that verifies, and goes on after a restart', async () => {
    const directory = newDirectory();
    await write(directory, 10);
    await write(directory, 5);
    const verdict = await verifyAudit(directory);
    expect(verdict).toMatchObject({ intact: true, entries: 15 });
    expect(JSON.parse(linesOf(directory)[14] ?? '')).toMatchObject({ sequence: 15, event: 'change', user_id: 'usr_4' });
  });

  it('names the first entry that was altered, taken out, put in or moved', async () => {
    const directory = newDirectory();
    await write(directory, 12);
    const path = join(directory, 'audit-00000001.jsonl');
    const lines = linesOf(directory);
    const tampered: [string, string[], number][] = [
      ['altered', lines.with(4, (lines[4] ?? '').replace('usr_4', 'usr_9')), 5],
      ['the last altered', lines.with(11, (lines[11] ?? '').replace('usr_11', 'usr_99')), 12],
      ['taken out', lines.toSpliced(6, 1), 7],
      ['the first taken out', lines.slice(1), 1],
      ['put in', lines.toSpliced(3, 0, lines[2] ?? ''), 4],
      ['moved', lines.with(7, lines[8] ?? '').with(8, lines[7] ?? ''), 8],
      ['not an entry', lines.toSpliced(2, 0, 'nonsense'), 3],
    ];
    for (const [, changed, line] of tampered) {
      writeFileSync(path, `${changed.join('\n')}\n`);
      expect(await verifyAudit(directory)).toMatchObject({ intact: false, file: 'audit-00000001.jsonl', line });
    }
  });

  it('notices any single changed byte', async () => {
    const directory = newDirectory();
    await write(directory, 6);
    const path = join(directory, 'audit-00000001.jsonl');
    const whole = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 2), fc.integer({ min: 33, max: 126 }), async (at, byte) => {
        fc.pre(whole[at] !== byte && whole[at] !== 0x0a);
        const changed = Buffer.from(whole);
        changed[at] = byte;
        writeFileSync(path, changed);
        expect((await verifyAudit(directory)).intact).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('carries the chain on into the next file when one is full', async () => {
    const directory = newDirectory();
    await write(directory, 20, { rotateBytes: 1_000 });
    await write(directory, 20, { rotateBytes: 1_000 });
    expect(filesOf(directory).length).toBeGreaterThan(3);
    expect(await verifyAudit(directory)).toMatchObject({ intact: true, entries: 40 });
    rmSync(join(directory, 'audit-00000002.jsonl'));
    expect(await verifyAudit(directory)).toMatchObject({ intact: false, file: 'audit-00000003.jsonl', line: 1 });
  });

  it.each([1, 17, 200])('goes on after a crash %i bytes into a line, and says what was cut off', async (bytes) => {
    const directory = newDirectory();
    await write(directory, 5);
    const torn = (linesOf(directory)[4] ?? '').slice(0, bytes);
    appendFileSync(join(directory, 'audit-00000001.jsonl'), torn);
    await write(directory, 1);
    expect(await verifyAudit(directory)).toMatchObject({ intact: true, entries: 7 });
    expect(JSON.parse(linesOf(directory)[5] ?? '')).toMatchObject({
      event: 'record-recovered',
      torn_bytes: torn.length,
    });
  });

  it('starts anew when a crash left nothing but half of the first line', async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'audit-00000001.jsonl'), '{"sequence":1,"ev');
    await write(directory, 1);
    expect(await verifyAudit(directory)).toMatchObject({ intact: true, entries: 2 });
  });

  it('writes a burst in the order it came', async () => {
    const directory = newDirectory();
    const writer = writerFor(directory);
    for (let number = 0; number < 5_000; number += 1) writer.record(fact(number));
    await writer.close();
    expect(await verifyAudit(directory)).toMatchObject({ intact: true, entries: 5_000 });
    expect(linesOf(directory).every((line, index) => line.includes(`"usr_${index}"`))).toBe(true);
  });

  it('waits while the disk refuses, bounds what waits, and records how many were lost', async () => {
    const directory = newDirectory();
    const writer = writerFor(directory, { maxWaiting: 10 });
    rmSync(directory, { recursive: true });
    const states: AuditStateChanged['state'][] = [];
    const end = auditStateChanged.subscribe(({ state }) => states.push(state));
    for (let number = 0; number < 14; number += 1) writer.record(fact(number));
    await writer.flush();
    expect(states).toEqual(['lossy', 'failing']);
    directories.push(directory);
    mkdirSync(directory);
    await writer.close();
    end();
    expect(states.at(-1)).toBe('writing');
    expect(await verifyAudit(directory)).toMatchObject({ intact: true, entries: 11 });
    expect(JSON.parse(linesOf(directory)[10] ?? '')).toMatchObject({ event: 'entries-lost', count: 4 });
  });
});
