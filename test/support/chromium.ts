import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser of this machine, or undefined, said plainly, where it has none; with CI_REQUIRE_SERVERS=1 that is an error. */
export function findChromium(whatIsLeftOut: string): (() => Promise<Browser>) | undefined {
  const executablePath = CANDIDATES.find((path) => existsSync(path));
  if (executablePath !== undefined) return () => chromium.launch({ executablePath, args: QUIET });
  if (process.env['CI_REQUIRE_SERVERS'] === '1') throw new Error('Chromium is required here, but not installed');
  process.stderr.write(`Chromium is not installed; left out: ${whatIsLeftOut}\n`);
  return undefined;
}
