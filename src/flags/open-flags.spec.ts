import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenFeature } from '@openfeature/server-sdk';
import { until } from '../../test/support/until.js';
import { FlagFileProvider } from './flag-file.provider.js';
import { OpenFeatureFlags } from './open-feature.flags.js';
import { openFlags } from './flags.module.js';

describe('the feature flags', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flags-'));
  const file = join(folder, 'flags.json');
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await OpenFeature.close();
  });

  it('have their defaults where no file is named', async () => {
    const { flags, close } = await openFlags(undefined);
    expect(flags.isEnabled('response-cache')).toBe(true);
    await close();
  });

  it('come from the file, and an unset one or one of the wrong type keeps its default', async () => {
    writeFileSync(file, JSON.stringify({ 'response-cache': false, idempotency: 'no', unknown: false }));
    const { flags, close } = await openFlags(file);
    expect(flags.isEnabled('response-cache')).toBe(false);
    expect(flags.isEnabled('idempotency')).toBe(true);
    expect(flags.isEnabled('rate-limit-enforcement')).toBe(true);
    await close();
  });

  it('follow the file when it changes, and keep what they had when it is broken or gone', async () => {
    writeFileSync(file, JSON.stringify({ idempotency: false }));
    const provider = new FlagFileProvider(file);
    await OpenFeature.setProviderAndWait('followed', provider);
    const flags = new OpenFeatureFlags(OpenFeature.getClient('followed'));
    await flags.refresh();
    expect(flags.isEnabled('idempotency')).toBe(false);
    writeFileSync(file, JSON.stringify({ idempotency: true, 'response-cache': false }));
    provider.reload();
    await until(() => flags.isEnabled('idempotency'));
    expect(flags.isEnabled('response-cache')).toBe(false);
    for (const broken of ['{', '[]', 'null', `{"x":"${'x'.repeat(70_000)}"}`]) {
      writeFileSync(file, broken);
      provider.reload();
    }
    rmSync(file);
    provider.reload();
    await flags.refresh();
    expect(flags.isEnabled('response-cache')).toBe(false);
    flags.close();
    await provider.onClose();
  });

  it('start at their defaults when the file is not there', async () => {
    const { flags, close } = await openFlags(join(folder, 'absent.json'));
    expect(flags.isEnabled('response-cache')).toBe(true);
    await close();
  });
});
