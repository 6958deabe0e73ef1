import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/clock.js';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { limitDecided, type LimitDecided } from '../../kernel/events.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { Admission, GuessPolicy, GuessStore, Verdict } from './guess-store.js';
import type { LoginNames } from './login-names.js';
import { OwedWithdrawals } from './owed-withdrawals.js';
import { WaitingRoom } from './waiting-room.js';

/** Wrong passwords for one name, whether or not there is such a user. */
export const ACCOUNT_GUESSES: GuessPolicy = { most: 10, windowMs: 15 * 60_000 };
/** Wrong passwords from one address, for whatever names. Right ones are not counted: a laboratory may share an address. */
export const ADDRESS_GUESSES: GuessPolicy = { most: 60, windowMs: 60_000 };

const MAX_WAITING = 256;
const LONGEST_WAIT_MS = 10_000;
/** Who waits asks again this often, for another instance may have decided what stands in the way. */
const ASK_AGAIN_MS = 250;

/** The auth service was not asked, or said that it did not look: the guess is none. Everything else may have been one. */
const UNCHECKED: ReadonlySet<ErrorCode> = new Set([
  'no_endpoint',
  'breaker_open',
  'bulkhead_full',
  'upstream_unreachable',
  'upstream_error',
  'rate_limited',
]);

/** Whom a guess is counted for. */
interface Count {
  readonly limit: LimitDecided['limit'];
  readonly key: string;
  readonly policy: GuessPolicy;
}

type Caller = Pick<Exchange, 'clientAddress' | 'hangUp'>;

/**
 * Holds guesses at passwords to a number for each account and each address, whatever the auth service does. A guess is
 * counted before it is checked. Where only guesses that are still being checked stand in the way of one, it waits for
 * them: any number of right logins at the same moment are let in.
 */
export class LoginGuesses {
  readonly #waiting = new WaitingRoom(MAX_WAITING);
  readonly #owed: OwedWithdrawals;

  constructor(
    private readonly store: GuessStore,
    private readonly names: LoginNames,
    private readonly clock: Clock,
  ) {
    this.#owed = new OwedWithdrawals(store, clock);
  }

  /**
   * Has a password checked; rejects with `rate_limited` or `state_unavailable` where it may not be, else as `check` does.
   * A check is to go on to its end though the client goes: hanging up must not hide what it found.
   */
  async checked<Known>(caller: Caller, username: string, check: () => Promise<Known>): Promise<Known> {
    const id = randomUUID();
    const account: Count = { limit: 'login-account', key: this.names.account(username), policy: ACCOUNT_GUESSES };
    const address: Count = {
      ...{ limit: 'login-address', key: this.names.address(caller.clientAddress) },
      ...{ policy: ADDRESS_GUESSES },
    };
    await this.#begin([account, address], id, caller);
    try {
      const known = await check();
      await Promise.all([this.#decide(account, id, 'right'), this.#decide(address, id, 'withdrawn')]);
      return known;
    } catch (error) {
      const isUnchecked = error instanceof GatewayError && UNCHECKED.has(error.code);
      await this.#decideAll([account, address], id, isUnchecked ? 'withdrawn' : 'wrong');
      throw error;
    }
  }

  async #begin(counts: readonly Count[], id: string, { hangUp }: Caller): Promise<void> {
    const until = this.clock.monotonic() + LONGEST_WAIT_MS;
    for (;;) {
      const admissions = await this.#ask(counts, id);
      const retryAfterMs = Math.max(...admissions.map((one) => (one.kind === 'refused' ? one.retryAfterMs : 0)));
      const blocked = counts.filter((_, index) => admissions[index]?.kind !== 'admitted');
      const isOver = retryAfterMs > 0 || this.#waiting.isFull || this.clock.monotonic() >= until;
      if (blocked.length === 0 || isOver) tell(counts, blocked);
      if (blocked.length === 0) return;
      // It holds no place while it waits, so that none waits for another that waits.
      const held = counts.filter((count) => !blocked.includes(count));
      await this.#decideAll(held, id, 'withdrawn');
      if (hangUp.gone) throw new GatewayError('client_gone');
      if (isOver) throw rateLimited(retryAfterMs);
      await this.#waiting.wait(
        blocked.map(({ key }) => key),
        ASK_AGAIN_MS,
      );
    }
  }

  /** Who cannot be counted is not let in. */
  async #ask(counts: readonly Count[], id: string): Promise<readonly Admission[]> {
    try {
      return await Promise.all(counts.map(({ key, policy }) => this.store.begin(key, id, policy)));
    } catch (error) {
      void this.#decideAll(counts, id, 'withdrawn');
      throw new GatewayError('state_unavailable', { retryAfterSeconds: 1, cause: error });
    }
  }

  async #decideAll(counts: readonly Count[], id: string, verdict: Verdict): Promise<void> {
    await Promise.all(counts.map((count) => this.#decide(count, id, verdict)));
  }

  /** A wrong guess of which the store does not hear is one without a verdict, and that counts. */
  async #decide({ key, policy }: Count, id: string, verdict: Verdict): Promise<void> {
    await this.store.decide(key, id, verdict).catch(() => {
      if (verdict !== 'wrong') this.#owed.add(key, id, policy.windowMs);
    });
    this.#waiting.wake(key);
  }
}

function tell(counts: readonly Count[], blocked: readonly Count[]): void {
  for (const count of counts) limitDecided.publish({ limit: count.limit, allowed: !blocked.includes(count) });
}

const rateLimited = (retryAfterMs: number): GatewayError =>
  new GatewayError('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1000)) });
