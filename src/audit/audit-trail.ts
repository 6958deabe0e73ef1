import type { Clock } from '../kernel/clock.js';
import {
  accessRefused,
  apiKeyChanged,
  exchangeClosed,
  sessionChanged,
  type AccessRefused,
  type ApiKeyChanged,
  type ExchangeClosed,
  type SessionChanged,
} from '../kernel/events.js';
import type { AuditFact } from './audit-chain.js';
import { AnonymousBudget } from './anonymous-budget.js';

const CHANGING: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const DOMAIN_ROUTE = /^\/api\/v1\/([a-z]+)/;
const DOWNLOAD_ROUTE = /^\/api\/v1\/results\/download\//;

/** Turns what happened into facts for the record: who, what kind of thing, how it ended. No path, query or sample. */
export class AuditTrail {
  readonly #budget: AnonymousBudget;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(
    private readonly writer: { record(fact: AuditFact): void },
    private readonly clock: Clock,
  ) {
    this.#budget = new AnonymousBudget(clock);
    this.#unsubscribe = [
      sessionChanged.subscribe((event) => this.#session(event)),
      apiKeyChanged.subscribe((event) => this.#apiKey(event)),
      accessRefused.subscribe((event) => this.#refusal(event)),
      exchangeClosed.subscribe((event) => this.#exchange(event)),
    ];
  }

  close(): void {
    this.#unsubscribe.forEach((end) => end());
  }

  #session({ change, exchangeId, userId, sessionId, endedBy, clientAddress }: SessionChanged): void {
    if (change === 'login-refused' && !this.#mayRecordAnonymous()) return;
    this.#record(`session-${change}`, {
      request_id: exchangeId,
      user_id: userId,
      session_id: sessionId,
      ended_by: endedBy,
      client_address: clientAddress,
    });
  }

  #apiKey({ change, exchange, keyId, scopes }: ApiKeyChanged): void {
    this.#record(`api-key-${change}`, {
      ...who(exchange),
      key_id: keyId,
      scopes,
      client_address: exchange.clientAddress,
    });
  }

  #refusal({ exchange, code, keyId }: AccessRefused): void {
    if (exchange.principal === undefined && !this.#mayRecordAnonymous()) return;
    this.#record('access-refused', {
      ...who(exchange),
      method: exchange.method,
      route: exchange.route,
      code,
      key_id: keyId,
      client_address: exchange.clientAddress,
    });
  }

  #exchange({ exchange, status }: ExchangeClosed): void {
    const isDownload = exchange.method === 'GET' && DOWNLOAD_ROUTE.test(exchange.route);
    if (!CHANGING.has(exchange.method) && !isDownload) return;
    const resource = DOMAIN_ROUTE.exec(exchange.route)?.[1];
    // What had no identity was refused, and is recorded as such; a download proves itself by its token.
    if (resource === undefined || (exchange.principal === undefined && !isDownload)) return;
    this.#record(isDownload ? 'download' : 'change', {
      ...who(exchange),
      method: exchange.method,
      route: exchange.route,
      resource,
      status,
      code: exchange.errorCode,
    });
  }

  #mayRecordAnonymous(): boolean {
    const { granted, suppressed } = this.#budget.take();
    if (suppressed > 0) this.#record('access-refused-unrecorded', { count: suppressed });
    return granted;
  }

  #record(event: string, members: Omit<AuditFact, 'event' | 'at'>): void {
    this.writer.record({ event, at: new Date(this.clock.now()).toISOString(), ...members });
  }
}

const who = ({ id, principal }: ExchangeClosed['exchange']) => ({
  request_id: id,
  user_id: principal?.userId,
  session_id: principal?.sessionId,
});
