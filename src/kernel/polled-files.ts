import { statSync } from 'node:fs';

const LOOK_EVERY_MS = 2_000;

/**
 * Tells when files that belong together have changed. Their times are polled: a mounted Secret or ConfigMap changes by
 * swapping a symbolic link, which a file watch does not see, and Node's own polling (watchFile) takes what it finds first
 * for what was read.
 */
export class PolledFiles {
  /** Of the files that were read last; none at first, for they may have changed since the settings were read. */
  #seen: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly paths: readonly string[],
    private readonly onChange: () => void,
  ) {}

  /** Looks now and every two seconds. */
  start(): void {
    this.look();
    this.#timer = setInterval(() => {
      this.look();
    }, LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Does nothing while one of the files is absent, as it is for a moment when it is replaced, or all are as they were. */
  look(): void {
    const versions = this.paths.map(versionOf);
    if (versions.includes(undefined)) return;
    const version = versions.join();
    if (version === this.#seen) return;
    this.#seen = version;
    this.onChange();
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
