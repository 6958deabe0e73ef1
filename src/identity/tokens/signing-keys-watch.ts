import { statSync } from 'node:fs';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import { readSigningKeys } from '../../kernel/config/signing-keys.js';
import { verificationKeysRead } from '../../kernel/events.js';
import type { TokenKeys } from './token-keys.js';

const WATCH_INTERVAL_MS = 2_000;
/** A token may name any kid it likes: the file is not looked at more often for that. */
const LOOK_EVERY_MS = 1_000;

/**
 * Reads JWT_KEYS_FILE again when it has changed, so that keys rotate without a restart. A file that is not valid changes
 * nothing and is told of. The file's times are polled: a mounted Secret changes by swapping a symbolic link, which a file
 * watch does not see, and Node's own polling (watchFile) takes what it finds first for what was read. A token with an
 * unknown kid is a hint that another worker has read a new file already.
 */
export class SigningKeysWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Of the file that was read last; none at first, for it may have changed since the settings were read. */
  #seen: string | undefined;
  #lookedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    private readonly keys: TokenKeys,
    private readonly clock: Clock,
  ) {
    keys.onUnknown(() => {
      this.#look();
    });
  }

  onApplicationBootstrap(): void {
    this.readIfChanged();
    this.#timer = setInterval(() => {
      this.readIfChanged();
    }, WATCH_INTERVAL_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  /** Does nothing while the file is absent, as it is for a moment when it is replaced, or as it was. */
  readIfChanged(): void {
    const version = versionOf(this.path);
    if (version === undefined || version === this.#seen) return;
    this.#seen = version;
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

function versionOf(path: string): string | undefined {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return undefined;
  }
}
