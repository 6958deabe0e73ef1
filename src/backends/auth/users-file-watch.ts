import { stat } from 'node:fs/promises';
import type { BackendLog } from '../service/log.js';
import { UsersError } from './users-file.js';

const LOOK_EVERY_MS = 250;

/**
 * Applies the users file again when it has changed, so that a user who is disabled there is out at once. Its times are
 * polled: a mounted file changes by swapping a symbolic link, which a file watch does not see. A file that is not valid, or
 * not there for a moment, changes nothing.
 */
export class UsersFileWatch {
  private seen: string | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly path: string,
    /** Reads the file and brings the users to what it says; gives how many that changed. */
    private readonly apply: () => Promise<number>,
    private readonly log: BackendLog,
  ) {}

  /** Applies the file as it is now; rejects where that cannot be done. */
  async start(): Promise<void> {
    this.seen = await versionOf(this.path);
    await this.apply();
    this.lookLater();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private lookLater(): void {
    this.timer = setTimeout(() => {
      void this.look().finally(() => {
        if (this.timer !== undefined) this.lookLater();
      });
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    const version = await versionOf(this.path);
    if (version === undefined || version === this.seen) return;
    try {
      this.log.info('users_file_applied', { count: await this.apply() });
      this.seen = version;
    } catch (error) {
      // What is wrong with the file is told once; a database that is away is tried again.
      if (error instanceof UsersError) this.seen = version;
      if (error instanceof UsersError) this.log.error('users_file_refused', { error: error.message });
      else this.log.fault('users_file_not_applied', error);
    }
  }
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return undefined;
  }
}
