import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysFile, type TestKey } from './token-builders.js';

/** A JWT_KEYS_FILE that changes as a mounted Secret does: another file takes the place at once. */
export class ReplacedKeysFile {
  readonly #folder = mkdtempSync(join(tmpdir(), 'keys-file-'));
  readonly path = join(this.#folder, 'keys.json');

  replace(...keys: readonly TestKey[]): void {
    writeFileSync(`${this.path}.next`, keysFile(...keys));
    renameSync(`${this.path}.next`, this.path);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
