import fc from 'fast-check';
import { DownloadLinks } from './download-links.js';

const SECRET = 'a-key-of-this-test-only-0123456789';
const clock = { now: () => 1_700_000_000_000 };
const links = new DownloadLinks(SECRET, clock);

it('opens what it issued', () => {
  const { token } = links.issue('job_1', 'report.html', 60);
  expect(links.open(token)).toEqual({ jobId: 'job_1', file: 'report.html', expiresAt: 1_700_000_060 });
});

it('refuses a token with any character changed, added or taken away', () => {
  const { token } = links.issue('job_1', 'report.html', 60);
  const character = fc.constantFrom(...'ABCXYZabcxyz0189-_.');
  fc.assert(
    fc.property(fc.nat(token.length - 1), character, fc.constantFrom(0, 1), (position, inserted, removed) => {
      const changed = token.slice(0, position) + inserted + token.slice(position + removed);
      fc.pre(changed !== token);
      expect(() => links.open(changed)).toThrow('not a download link');
    }),
    { numRuns: 500 },
  );
  expect(() => links.open(token.slice(0, -1))).toThrow('not a download link');
});

it('refuses a second spelling of the same signature', () => {
  const { token } = links.issue('job_1', 'report.html', 60);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.at(-1) ?? '');
  const sibling = token.slice(0, -1) + (alphabet[last ^ 1] ?? '');
  expect(Buffer.from(sibling, 'base64url')).toEqual(Buffer.from(token, 'base64url'));
  expect(() => links.open(sibling)).toThrow('not a download link');
});

it('refuses a token of another key', () => {
  const { token } = new DownloadLinks('another-key-of-this-test-0123456789', clock).issue('job_1', 'report.html', 60);
  expect(() => links.open(token)).toThrow('not a download link');
});

it.each(['', '.', 'a.b', 'x'.repeat(10_000), '%00'])('refuses %p', (token) => {
  expect(() => links.open(token)).toThrow('not a download link');
});

it('is over at the second it names', () => {
  let now = clock.now();
  const moving = new DownloadLinks(SECRET, { now: () => now });
  const { token } = moving.issue('job_1', 'report.html', 60);
  now += 59_999;
  expect(moving.open(token).file).toBe('report.html');
  now += 1;
  expect(() => moving.open(token)).toThrow('expired');
});
