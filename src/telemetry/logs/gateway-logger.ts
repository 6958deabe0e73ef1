import type { LoggerService, OnApplicationShutdown } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import type { Clock } from '../../kernel/clock.js';
import type { TelemetrySettings } from '../../kernel/config/settings.js';
import {
  attemptFinished,
  auditStateChanged,
  backendsProcessChanged,
  breakerChanged,
  endpointHealthChanged,
  exchangeClosed,
  retryStarted,
  stateStoreChanged,
  stateStoreMayEvict,
  tlsFilesRead,
  unexpectedFailure,
  userFeedChanged,
  verificationKeysRead,
  type ExchangeClosed,
} from '../../kernel/events.js';
import { accessLine } from './access-line.js';
import { failureLine } from './failure-line.js';
import { standardOutput, type LogDestination } from './log-destination.js';

const APP = 'genoflow-gateway';

/** Asked every few seconds by whoever watches the gateway: only what they are refused is worth a line. */
const PROBES: ReadonlySet<string> = new Set(['/health', '/health/live', '/health/ready', '/metrics']);

const USER_FEED = {
  followed: 'changes of users are followed',
  untold: 'the auth service tells no changes of users; they take effect when a session is refreshed',
  failing: 'changes of users cannot be followed; sessions go on with the rights they have',
} as const;

const levelOf = (isWell: boolean): 'info' | 'warn' => (isWell ? 'info' : 'warn');

/**
 * The gateway's log: one JSON line per exchange and per event worth an operator's eye. Also what Nest itself logs
 * through (`app.useLogger(app.get(GatewayLogger))`).
 */
export class GatewayLogger implements LoggerService, OnApplicationShutdown {
  readonly #log: Logger;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(
    settings: TelemetrySettings,
    private readonly clock: Clock,
    private readonly output: LogDestination = standardOutput(),
  ) {
    this.#log = pino({ level: settings.logLevel, base: { app: APP } }, output);
    this.#unsubscribe = settings.logLevel === 'silent' ? [] : this.#listen();
  }

  /** Nest tells every module and route at each start; that is for those who look for a fault. */
  log(message: unknown, context?: unknown): void {
    this.#log.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.#log.warn({ context }, String(message));
  }

  debug(message: unknown, context?: unknown): void {
    this.#log.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: unknown): void {
    this.#log.trace({ context }, String(message));
  }

  /** Nest gives a message with a stack and a context, or an error. */
  error(message: unknown, ...details: unknown[]): void {
    const context = details.at(-1);
    if (message instanceof Error)
      this.#log.error({ context, ...failureLine(message) }, 'a part of the framework failed');
    else this.#log.error({ context }, String(message));
  }

  fatal(message: unknown, ...details: unknown[]): void {
    this.#log.fatal({ context: details.at(-1) }, String(message));
  }

  onApplicationShutdown(): void {
    this.#unsubscribe.forEach((end) => end());
    this.output.flushSync();
  }

  #access(closed: ExchangeClosed): void {
    if (closed.status === 200 && PROBES.has(closed.exchange.route)) return;
    this.output.write(accessLine(closed, APP, this.clock.now()));
  }

  #listen(): (() => void)[] {
    const log = this.#log;
    return [
      ...(log.isLevelEnabled('info') ? [exchangeClosed.subscribe((closed) => this.#access(closed))] : []),
      unexpectedFailure.subscribe(({ exchange, error }) =>
        log.error({ id: exchange?.id, route: exchange?.route, ...failureLine(error) }, 'unexpected failure'),
      ),
      attemptFinished.subscribe(({ service, operation, endpoint, attempt, status, error, durationMs }) => {
        if (error !== undefined)
          log.debug({ service, operation, endpoint, attempt, status, code: error, duration_ms: durationMs }, 'attempt');
      }),
      breakerChanged.subscribe(({ service, endpoint, state }) =>
        log.warn({ service, endpoint, state }, 'circuit breaker changed'),
      ),
      endpointHealthChanged.subscribe(({ service, endpoint, healthy }) =>
        log[levelOf(healthy)]({ service, endpoint, healthy }, 'endpoint health changed'),
      ),
      retryStarted.subscribe(({ service, operation, after }) => log.debug({ service, operation, after }, 'retry')),
      stateStoreChanged.subscribe(({ store, available }) =>
        log[levelOf(available)]({ store, available }, 'state store changed'),
      ),
      stateStoreMayEvict.subscribe(({ store, policy }) =>
        log.warn({ store, policy }, 'state store may evict keys; its maxmemory-policy should be noeviction'),
      ),
      tlsFilesRead.subscribe(({ use, outcome, faults }) => {
        if (outcome === 'failed') log.error({ use, faults }, 'TLS files cannot be used, what was read before holds');
        else if (outcome === 'changed') log.info({ use }, 'TLS files changed');
      }),
      backendsProcessChanged.subscribe(({ change }) => log.info({ change }, 'reference backends changed')),
      auditStateChanged.subscribe(({ state }) => log.error({ state }, 'audit record changed')),
      userFeedChanged.subscribe(({ state }) => log[levelOf(state === 'followed')]({ state }, USER_FEED[state])),
      verificationKeysRead.subscribe(({ source, name, outcome, faults }) => {
        if (outcome === 'failed') log.error({ source, name, faults }, 'keys could not be read, the old ones hold');
        else if (outcome === 'changed') log.info({ source, name }, 'keys changed');
      }),
    ];
  }
}
