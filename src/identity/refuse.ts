import { accessRefused } from '../kernel/events.js';
import type { Exchange } from '../kernel/exchange.js';
import { GatewayError } from '../kernel/errors/gateway-error.js';
import { ApiKeyRefused } from './identity.errors.js';

/** Tells the channel that a guard said no, and throws the refusal on. */
export function refuse(exchange: Exchange, error: unknown): never {
  if (error instanceof GatewayError) {
    accessRefused.publish({
      exchange,
      code: error.code,
      ...(error instanceof ApiKeyRefused && error.keyId !== undefined ? { keyId: error.keyId } : {}),
    });
  }
  throw error;
}
