import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { routeDeclarationOf } from '../../kernel/route.js';
import { routeRequestOf } from '../../kernel/route-request.js';
import { AddressLimit } from './address-limit.js';

/** Before authentication: an address that floods is turned away before anything is verified for it. */
@Injectable()
export class AddressLimitGuard implements CanActivate {
  constructor(private readonly limit: AddressLimit) {}

  canActivate(context: ExecutionContext): boolean {
    if (routeDeclarationOf(context.getHandler())?.limit === 'none') return true;
    return this.limit.apply(routeRequestOf(context).exchange);
  }
}
