import { Injectable, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import { routeRequestOf } from '../../kernel/route-request.js';
import { CallerAdmission } from './caller-admission.js';
import { SynchronousThrottlerGuard } from './synchronous-throttler.guard.js';

/** After authentication: every caller has a bucket, and every answer says what is left in it. */
@Injectable()
export class CallerLimitGuard extends SynchronousThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly admission: CallerAdmission,
  ) {
    super(options, storage, reflector);
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    return this.admission.admit(routeRequestOf(context).exchange, context.getHandler(), context.getClass());
  }
}
