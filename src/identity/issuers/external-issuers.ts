import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Clock } from '../../kernel/clock.js';
import type { ExternalIssuer } from '../../kernel/config/external-issuers.js';
import type { TokenCheck } from '../tokens/verified-token.js';
import { ExternalTokenCheck } from './external-token-check.js';
import type { IssuerClient } from './issuer-client.js';
import { IssuerKeys } from './issuer-keys.js';

const TICK_MS = 1_000;

/** The issuers of OIDC_ISSUERS_FILE and the one scheduler that keeps their keys up to date. */
export class ExternalIssuers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #keys: ReadonlyMap<string, IssuerKeys>;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly issuers: readonly ExternalIssuer[],
    client: IssuerClient,
    private readonly clock: Clock,
  ) {
    this.#keys = new Map(
      issuers.map(({ issuer }) => [
        issuer,
        new IssuerKeys(issuer, () => client.fetchKeys(issuer, this.#stop.signal), clock),
      ]),
    );
  }

  /** Who checks the tokens of which issuer; `onReplaced` is called when any issuer's keys have changed. */
  checks(onReplaced: () => void): [string, TokenCheck][] {
    return this.issuers.flatMap((issuer) => {
      const keys = this.#keys.get(issuer.issuer);
      if (keys === undefined) return [];
      keys.onReplaced(onReplaced);
      return [[issuer.issuer, new ExternalTokenCheck(issuer, keys, this.clock)]];
    });
  }

  onApplicationBootstrap(): void {
    if (this.#keys.size === 0) return;
    this.#refresh();
    this.#timer = setInterval(() => {
      this.#refresh();
    }, TICK_MS).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.#timer);
    this.#stop.abort();
  }

  /** A failed reading is told of on its channel and made up for by the next. */
  #refresh(): void {
    for (const keys of this.#keys.values()) void keys.refreshIfDue();
  }
}
