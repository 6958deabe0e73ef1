import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Exchange } from './exchange.js';

/** Hands a handler the exchange that the first middleware opened. */
export const Exchanged = createParamDecorator(
  (_: unknown, context: ExecutionContext): Exchange =>
    context.switchToHttp().getRequest<{ exchange: Exchange }>().exchange,
);
