import {
  accessRefused,
  attemptFinished,
  breakerChanged,
  cacheLookedUp,
  endpointHealthChanged,
  limitDecided,
  messageUnreadable,
  retryStarted,
  sessionChanged,
  stateStoreChanged,
  tlsFilesRead,
  tlsHandshakeFailed,
  userFeedChanged,
  verificationKeysRead,
  type AttemptFinished,
  type TlsFilesRead,
  type VerificationKeysRead,
} from '../../kernel/events.js';
import { METRICS } from './metric-table.js';
import { DurationSeries, NumberSeries, type ScrapedMetric } from './series.js';

const BREAKER_LEVELS = { closed: 0, 'half-open': 1, open: 2 } as const;

const outcomeOf = ({ error, status }: AttemptFinished): string =>
  error ?? (status === undefined ? 'unknown' : `${Math.floor(status / 100)}xx`);

/** Counts what the mechanisms tell on their channels. */
export class EventMetrics {
  readonly #unreadable = new NumberSeries(METRICS.unreadableMessages);
  readonly #handshakesFailed = new NumberSeries(METRICS.tlsHandshakesFailed);
  readonly #certificateExpiry = new NumberSeries(METRICS.certificateExpiry);
  readonly #tlsFilesFailing = new NumberSeries(METRICS.tlsFilesFailing);
  readonly #attempts = new NumberSeries(METRICS.attempts);
  readonly #attemptCells = new Map<string, Map<string | number | undefined, { value: number }>>();
  readonly #attemptDurations = new DurationSeries(METRICS.attemptDuration);
  readonly #breakers = new NumberSeries(METRICS.breakerState);
  readonly #endpoints = new NumberSeries(METRICS.endpointUp);
  readonly #retries = new NumberSeries(METRICS.retries);
  readonly #limits = new NumberSeries(METRICS.limitDecisions);
  readonly #lookups = new NumberSeries(METRICS.cacheLookups);
  readonly #stores = new NumberSeries(METRICS.stateStoreUp);
  readonly #refusals = new NumberSeries(METRICS.accessRefused);
  readonly #sessions = new NumberSeries(METRICS.sessions);
  readonly #userChangesFollowed = new NumberSeries(METRICS.userChangesFollowed);
  readonly #keySourcesFailing = new NumberSeries(METRICS.keySourcesFailing);
  readonly #failing = { file: new Set<string>(), issuer: new Set<string>() };

  get metrics(): readonly ScrapedMetric[] {
    return [
      this.#unreadable,
      this.#handshakesFailed,
      this.#certificateExpiry,
      this.#tlsFilesFailing,
      this.#attempts,
      this.#attemptDurations,
      this.#breakers,
      this.#endpoints,
      this.#retries,
      this.#limits,
      this.#lookups,
      this.#stores,
      this.#refusals,
      this.#sessions,
      this.#userChangesFollowed,
      this.#keySourcesFailing,
    ];
  }

  // By operation, then by outcome: two lookups by strings that are there already, where a joined key would be made anew.
  #attemptCell(event: AttemptFinished): { value: number } {
    let outcomes = this.#attemptCells.get(event.operation);
    if (outcomes === undefined) {
      outcomes = new Map();
      this.#attemptCells.set(event.operation, outcomes);
    }
    const outcome = event.error ?? event.status;
    let cell = outcomes.get(outcome);
    if (cell === undefined) {
      cell = this.#attempts.cell(event.service, event.operation, outcomeOf(event));
      outcomes.set(outcome, cell);
    }
    return cell;
  }

  // Counted by name, and shown without: an issuer's address is nobody's business who scrapes.
  #countKeySource({ source, name, outcome }: VerificationKeysRead): void {
    if (outcome === 'failed') this.#failing[source].add(name);
    else this.#failing[source].delete(name);
    this.#keySourcesFailing.set(this.#failing[source].size, source);
  }

  #noteTlsFiles({ use, outcome, expiresAt }: TlsFilesRead): void {
    this.#tlsFilesFailing.set(outcome === 'failed' ? 1 : 0, use);
    if (expiresAt !== undefined) this.#certificateExpiry.set(expiresAt / 1_000, use);
  }

  /** Returns the functions that end the subscriptions. */
  listen(): (() => void)[] {
    return [
      messageUnreadable.subscribe((event) => this.#unreadable.increment(event.code)),
      tlsHandshakeFailed.subscribe((event) => this.#handshakesFailed.increment(event.reason)),
      tlsFilesRead.subscribe((event) => this.#noteTlsFiles(event)),
      attemptFinished.subscribe((event) => {
        this.#attemptCell(event).value += 1;
        this.#attemptDurations.counts(event.service).observe(event.durationMs / 1000);
      }),
      breakerChanged.subscribe((event) =>
        this.#breakers.set(BREAKER_LEVELS[event.state], event.service, event.endpoint),
      ),
      endpointHealthChanged.subscribe((event) =>
        this.#endpoints.set(event.healthy ? 1 : 0, event.service, event.endpoint),
      ),
      retryStarted.subscribe((event) => this.#retries.increment(event.service)),
      limitDecided.subscribe((event) => this.#limits.increment(event.limit, event.allowed ? 'true' : 'false')),
      cacheLookedUp.subscribe((event) => this.#lookups.increment(event.operation, event.hit ? 'true' : 'false')),
      stateStoreChanged.subscribe((event) => this.#stores.set(event.available ? 1 : 0, event.store)),
      accessRefused.subscribe((event) => this.#refusals.increment(event.code)),
      sessionChanged.subscribe((event) => this.#sessions.increment(event.change)),
      userFeedChanged.subscribe((event) => this.#userChangesFollowed.set(event.state === 'followed' ? 1 : 0)),
      verificationKeysRead.subscribe((event) => this.#countKeySource(event)),
    ];
  }
}
