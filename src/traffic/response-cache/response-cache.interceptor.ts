import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import { cacheLookedUp } from '../../kernel/events.js';
import { ANSWERED, type Exchange } from '../../kernel/exchange.js';
import { FeatureFlags } from '../../kernel/feature-flags.js';
import { CopyingSink } from '../recording/copying.sink.js';
import { writeAnswer } from '../recording/recorded-answer.js';
import { mayBeKept, wantsOrigin } from './cache-rules.js';
import { ResponseCache } from './response-cache.js';

interface RequestWithExchange {
  readonly exchange: Exchange;
  readonly originalUrl: string;
}

/** Answers from the cache, or lets the service answer and keeps a copy on the way. */
@Injectable()
export class ResponseCacheInterceptor implements NestInterceptor {
  constructor(
    private readonly cache: ResponseCache,
    private readonly flags: FeatureFlags,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const { exchange, originalUrl } = context.switchToHttp().getRequest<RequestWithExchange>();
    if (!this.cache.isOn || exchange.method !== 'GET' || !this.flags.isEnabled('response-cache')) return next.handle();
    if (wantsOrigin(exchange.requestHeaders)) return next.handle();
    const roles = exchange.principal?.roles ?? [];
    const key = this.cache.keyOf({ route: exchange.route, target: originalUrl, roles });
    return this.#answer(exchange, key, operationOf(context), next);
  }

  async #answer(exchange: Exchange, key: string, operation: string, next: CallHandler): Promise<Observable<unknown>> {
    const kept = await this.cache.read(key);
    cacheLookedUp.publish({ operation, hit: kept !== undefined });
    if (kept !== undefined) {
      writeAnswer(exchange.sink, kept);
      return of(ANSWERED);
    }
    exchange.sink = new CopyingSink(exchange.sink, {
      wants: mayBeKept,
      take: (answer) => this.cache.keep(key, answer),
    });
    return next.handle();
  }
}

/** Such as `pipelines.list`, as upstream operations are named. */
const operationOf = (context: ExecutionContext): string =>
  `${context
    .getClass()
    .name.replace(/Controller$/, '')
    .toLowerCase()}.${context.getHandler().name}`;
