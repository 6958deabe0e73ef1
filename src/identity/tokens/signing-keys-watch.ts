import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { readSigningKeys } from '../../kernel/config/signing-keys.js';
import { verificationKeysRead } from '../../kernel/events.js';
import { PolledFiles } from '../../kernel/polled-files.js';
import type { TokenKeys } from './token-keys.js';

/** A token may name any kid it likes: the file is not looked at more often for that. */
const LOOK_EVERY_MS = 1_000;

/**
 * Reads JWT_KEYS_FILE again when it has changed, so that keys rotate without a restart. A file that is not valid changes
 * nothing and is told of. A token with an unknown kid is a hint that another worker has read a new file already.
 */
export class SigningKeysWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #file: PolledFiles;
  #lookedAt = -Infinity;

  constructor(
    private readonly path: string,
    private readonly keys: TokenKeys,
    private readonly clock: Clock,
  ) {
    this.#file = new PolledFiles([path], () => {
      this.#read();
    });
    keys.onUnknown(() => {
      this.#look();
    });
  }

  onApplicationBootstrap(): void {
    this.#file.start();
  }

  onApplicationShutdown(): void {
    this.#file.stop();
  }

  readIfChanged(): void {
    this.#file.look();
  }

  #read(): void {
    const { content, faults = [] } = readSigningKeys(this.path);
    const outcome = content === undefined ? 'failed' : this.keys.replace(content) ? 'changed' : 'unchanged';
    verificationKeysRead.publish({ source: 'file', name: 'JWT_KEYS_FILE', outcome, faults });
  }

  #look(): void {
    const now = this.clock.monotonic();
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    this.readIfChanged();
  }
}
