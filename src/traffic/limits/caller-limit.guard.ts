import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { routeRequestOf } from '../../kernel/route-request.js';
import { AddressLimit } from './address-limit.js';
import { CallerLimits } from './caller-limits.js';
import { SynchronousThrottlerGuard } from './synchronous-throttler.guard.js';

/** After authentication: every caller has a bucket, and every answer says what is left in it. */
@Injectable()
export class CallerLimitGuard extends SynchronousThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly limits: CallerLimits,
    private readonly addresses: AddressLimit,
  ) {
    super(options, storage, reflector);
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const limit = this.limits.of(context.getHandler(), context.getClass());
    if (limit === 'none') return true;
    const { exchange } = routeRequestOf(context);
    if (exchange.principal !== undefined) this.addresses.giveBack(exchange);
    return limit.apply(exchange);
  }
}
