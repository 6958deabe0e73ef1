import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { catchError, of, tap, throwError, type Observable } from 'rxjs';
import { ANSWERED, type Exchange } from '../../kernel/exchange.js';
import { FeatureFlags } from '../../kernel/feature-flags.js';
import { HoldingSink } from '../recording/holding.sink.js';
import { writeAnswer } from '../recording/recorded-answer.js';
import { IdempotencyRecords, type IdempotencyClaim } from './idempotency-records.js';

interface RequestWithExchange {
  /** Replaceable here: the answer is written by whoever holds the exchange. */
  readonly exchange: Exchange;
  readonly originalUrl: string;
}

const REPLAYED = ['Idempotency-Replayed', 'true'];

/** Wraps IdempotencyRecords round a handler. Runs before validation, whose refusal frees the key again. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly records: IdempotencyRecords,
    private readonly flags: FeatureFlags,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<RequestWithExchange>();
    const key = request.exchange.requestHeaders['idempotency-key'];
    if (key === undefined || !this.flags.isEnabled('idempotency')) return next.handle();
    return this.#once(request, Array.isArray(key) ? key.join(' ') : key, next);
  }

  async #once(request: RequestWithExchange, key: string, next: CallHandler) {
    const { exchange } = request;
    const { body } = exchange;
    const begun = await this.records.begin({
      key,
      userId: exchange.principal?.userId ?? '',
      method: exchange.method,
      route: exchange.route,
      target: request.originalUrl,
      body: body === undefined || Buffer.isBuffer(body) ? body : 'streamed',
    });
    if (begun.kind === 'replay') {
      writeAnswer(exchange.sink, begun.answer, REPLAYED);
      return of(ANSWERED);
    }
    return record(exchange, begun.claim, next);
  }
}

function record(exchange: Exchange, claim: IdempotencyClaim, next: CallHandler): Observable<unknown> {
  const client = exchange.sink;
  const release = (): void => void claim.release();
  exchange.sink = new HoldingSink(client, { complete: (answer) => claim.complete(answer), giveUp: release });
  exchange.outlivesClient = true;
  return next.handle().pipe(
    tap((result) => {
      if (result !== ANSWERED) release();
    }),
    catchError((error: unknown) => {
      exchange.sink = client;
      release();
      return throwError(() => error);
    }),
  );
}
