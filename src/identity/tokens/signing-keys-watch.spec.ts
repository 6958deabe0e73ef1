import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { keysFile, testKey } from '../../../test/support/token-builders.js';
import { readSigningKeys } from '../../kernel/config/signing-keys.js';
import { verificationKeysRead, type VerificationKeysRead } from '../../kernel/events.js';
import { SigningKeysWatch } from './signing-keys-watch.js';
import { TokenKeys } from './token-keys.js';

const [first, second] = [testKey('first'), testKey('second')];

describe('SigningKeysWatch', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-watch-'));
  const file = join(folder, 'keys.json');
  const told: VerificationKeysRead[] = [];
  const unsubscribe = verificationKeysRead.subscribe((event) => told.push(event));
  let clock: ManualClock;
  let keys: TokenKeys;
  let watch: SigningKeysWatch;

  /** As a mounted Secret changes: another file takes the place at once. */
  const replace = (content: string): void => {
    writeFileSync(`${file}.next`, content);
    renameSync(`${file}.next`, file);
  };

  beforeEach(() => {
    replace(keysFile(first));
    told.length = 0;
    clock = new ManualClock();
    const settings = { jwtSecret: undefined, issuer: 'genoflow', audience: 'genoflow-api' };
    keys = new TokenKeys(settings, readSigningKeys(file).content);
    watch = new SigningKeysWatch(file, keys, clock);
  });
  afterAll(() => {
    unsubscribe();
    rmSync(folder, { recursive: true });
  });

  it('takes the keys of a new file, and tells of it', () => {
    replace(keysFile(second, first));
    watch.readIfChanged();
    expect(keys.signer.kid).toBe('second');
    expect(keys.find('EdDSA', 'first')).toBeDefined();
    expect(told).toEqual([{ source: 'file', name: 'JWT_KEYS_FILE', outcome: 'changed', faults: [] }]);
  });

  it('reads the file once more at the start, for it may have changed since the settings were read, then only on change', () => {
    watch.readIfChanged();
    watch.readIfChanged();
    expect(told).toMatchObject([{ outcome: 'unchanged' }]);
    replace(keysFile(first));
    watch.readIfChanged();
    expect(told).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'unchanged' }]);
    replace(keysFile(first, second));
    watch.readIfChanged();
    replace(keysFile(second, first));
    watch.readIfChanged();
    expect(told.slice(2)).toMatchObject([{ outcome: 'changed' }, { outcome: 'changed' }]);
  });

  it.each([
    ['broken', '{"keys": ['],
    ['empty', ''],
    ['without keys', '{"keys": []}'],
    ['of public keys', JSON.stringify({ keys: [second.publicJwk] })],
  ])('keeps the old keys over a file that is %s, tells of it, and goes on with the next good one', (_, content) => {
    replace(content);
    watch.readIfChanged();
    expect(keys.signer.kid).toBe('first');
    expect(told).toMatchObject([{ outcome: 'failed', faults: [expect.stringContaining('JWT_KEYS_FILE')] }]);
    replace(keysFile(second));
    watch.readIfChanged();
    expect(keys.signer.kid).toBe('second');
  });

  it('keeps the keys while there is no file', () => {
    rmSync(file);
    watch.readIfChanged();
    expect(keys.signer.kid).toBe('first');
    expect(told).toEqual([]);
  });

  it('looks at the file for a token with an unknown kid, once a second at most', () => {
    replace(keysFile(first, second));
    expect(keys.find('EdDSA', 'second')).toBeDefined();
    const third = testKey('third');
    replace(keysFile(first, second, third));
    expect(keys.find('EdDSA', 'third')).toBeUndefined();
    clock.advance(1_000);
    expect(keys.find('EdDSA', 'third')).toBeDefined();
  });

  it('notices a change by itself', async () => {
    watch.onApplicationBootstrap();
    try {
      replace(keysFile(second));
      expect(keys.signer.kid).toBe('first');
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(new Error('nothing was noticed'));
        }, 15_000);
        const end = verificationKeysRead.subscribe(() => {
          clearTimeout(timer);
          end();
          resolve();
        });
      });
      expect(keys.signer.kid).toBe('second');
    } finally {
      watch.onApplicationShutdown();
    }
  });
});
