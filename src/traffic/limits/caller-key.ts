import { normalizeIp } from '@nestjs/throttler';
import type { Exchange } from '../../kernel/exchange.js';

const MAPPED_IPV4_PREFIX = '::ffff:';

/**
 * The address a limit counts under: IPv4 as it is, IPv4 mapped into IPv6 as IPv4 (RFC 4291 section 2.5.5.2), other
 * IPv6 by its /64, because a single client usually commands a whole one.
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  if (address.startsWith(MAPPED_IPV4_PREFIX) && address.includes('.')) return address.slice(MAPPED_IPV4_PREFIX.length);
  return normalizeIp(address);
}

/** A signed-in caller counts as themselves wherever they call from; all others count by address. */
export const callerKey = (exchange: Exchange): string =>
  exchange.principal === undefined
    ? `address:${addressKey(exchange.clientAddress)}`
    : `user:${exchange.principal.userId}`;
