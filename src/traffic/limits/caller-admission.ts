import { Injectable } from '@nestjs/common';
import type { Exchange } from '../../kernel/exchange.js';
import { AddressLimit } from './address-limit.js';
import { CallerLimits, type RouteTarget } from './caller-limits.js';
import { UserConcurrency } from './user-concurrency.js';

/** What stands between a caller, known or not, and a route: requests at once first, then tokens. */
@Injectable()
export class CallerAdmission {
  constructor(
    private readonly limits: CallerLimits,
    private readonly addresses: AddressLimit,
    private readonly concurrency: UserConcurrency,
  ) {}

  /** Throws or rejects with GatewayError `rate_limited` or `concurrency_limited`. */
  admit(exchange: Exchange, handler: RouteTarget, controller: RouteTarget): true | Promise<true> {
    const limit = this.limits.of(handler, controller);
    if (limit === 'none') return true;
    const { principal } = exchange;
    if (principal !== undefined) {
      this.addresses.giveBack(exchange);
      this.concurrency.enter(exchange, principal);
    }
    return limit.apply(exchange);
  }
}
