import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { stateStoreChanged, userFeedChanged, type UserFeedChanged } from '../../kernel/events.js';
import { HangUp } from '../../kernel/hang-up.js';
import { StateHealth } from '../../kernel/state-health.js';
import type { UserChange, UserChangesPage } from './directory-user.js';
import { UserChanges } from './user-changes.js';
import { UserDirectory } from './user-directory.js';

/** All in milliseconds. */
const INTERVAL_MS = 500;
const NEXT_PAGE_MS = 20;
const LONGEST_PAUSE_MS = 10_000;
/** An auth service that tells no changes may be replaced by one that does. */
const UNTOLD_PAUSE_MS = 60_000;
/** So that instances do not ask in step. */
const JITTER = 0.2;

/** One look in vain, as at a start, is not told of. */
const FAILURES_TOLD_FROM = 3;

const APPLIED_AT_ONCE = 50;
/** Changes that could not be applied, though the store is there; beyond these all is begun anew. */
const MAX_OWED = 1_000;

/**
 * Asks the auth service twice a second who has changed, off the request path, so that a disabled user or a role taken away
 * takes effect within a second. It begins with every user there is, and does so again when the state store has been
 * away: what was written there may be lost.
 */
@Injectable()
export class UserFeed implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #owed = new Map<string, UserChange>();
  readonly #unreadable = new Set<string>();
  readonly #stop = new HangUp();
  #cursor: string | undefined;
  /** Counts the beginnings: what was asked before the last one moves no cursor. */
  #beginnings = 0;
  #failures = 0;
  #state: UserFeedChanged['state'] | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #unsubscribe = stateStoreChanged.subscribe(() => {
    this.#beginAnew();
  });

  constructor(
    private readonly users: UserDirectory,
    private readonly changes: UserChanges,
    private readonly store: StateHealth,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule(0);
  }

  beforeApplicationShutdown(): void {
    this.#unsubscribe();
    this.#stop.hangUp();
    clearTimeout(this.#timer);
  }

  /** Asks once and applies what it is told; gives the milliseconds after which to ask again. Never rejects. */
  async poll(): Promise<number> {
    try {
      if (!this.store.available()) return this.#failed();
      await this.#apply([...this.#owed.values()].slice(0, APPLIED_AT_ONCE));
      return await this.#ask();
    } catch {
      return this.#failed();
    }
  }

  #schedule(delayMs: number): void {
    if (this.#stop.gone) return;
    this.#timer = setTimeout(() => {
      void this.poll().then((nextMs) => {
        this.#schedule(nextMs);
      });
    }, delayMs).unref();
  }

  async #ask(): Promise<number> {
    const [after, beginning] = [this.#cursor, this.#beginnings];
    const told = await this.users.changesSince(after, this.#stop);
    switch (told.kind) {
      case 'changes':
        await this.#apply(told.users);
        this.#note(told);
        if (this.#beginnings === beginning) this.#cursor = told.cursor;
        if (this.#owed.size > MAX_OWED) this.#beginAnew();
        this.#failures = 0;
        this.#become(this.#owed.size + this.#unreadable.size === 0 ? 'followed' : 'failing');
        return told.users.length > 0 ? NEXT_PAGE_MS : jittered(INTERVAL_MS);
      case 'cursor-unknown':
        this.#beginAnew();
        return after === undefined ? this.#failed() : jittered(INTERVAL_MS);
      case 'untold':
        this.#become('untold');
        return jittered(UNTOLD_PAUSE_MS);
    }
  }

  /** One user's sessions that cannot be reached, or are spoilt, must not keep the others' from changing. */
  async #apply(users: readonly UserChange[]): Promise<void> {
    for (let from = 0; from < users.length; from += APPLIED_AT_ONCE) {
      await Promise.all(
        users.slice(from, from + APPLIED_AT_ONCE).map(async (change) => {
          this.#owed.set(change.id, change);
          await this.changes.apply(change).then(
            () => this.#owed.delete(change.id),
            () => undefined,
          );
        }),
      );
    }
  }

  #note({ users, unreadable }: UserChangesPage): void {
    for (const { id } of users) this.#unreadable.delete(id);
    for (const id of unreadable) if (this.#unreadable.size < MAX_OWED) this.#unreadable.add(id);
  }

  #beginAnew(): void {
    this.#beginnings += 1;
    this.#cursor = undefined;
    this.#owed.clear();
    this.#unreadable.clear();
  }

  #failed(): number {
    this.#failures += 1;
    if (this.#failures >= FAILURES_TOLD_FROM && !this.#stop.gone) this.#become('failing');
    return jittered(Math.min(LONGEST_PAUSE_MS, INTERVAL_MS * 2 ** Math.min(this.#failures, 10)));
  }

  #become(state: UserFeedChanged['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    userFeedChanged.publish({ state });
  }
}

const jittered = (ms: number): number => ms * (1 - JITTER * Math.random());
