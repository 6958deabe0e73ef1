import { isIP, isIPv4 } from 'node:net';
import { normalizeIp } from '@nestjs/throttler';
import type { Exchange } from '../../kernel/exchange.js';

const MAPPED_IPV4_PREFIX = '::ffff:';
/** As some proxies write the address they saw: `192.0.2.7:4711`, `[2001:db8::7]:4711`. */
const WITH_PORT = /^(?:([\d.]{7,15})|\[([0-9A-Fa-f:.]{2,45})\])(?::\d{1,5})?$/;

/**
 * The address a limit counts under: IPv4 as it is, IPv4 mapped into IPv6 as IPv4 (RFC 4291 section 2.5.5.2), other
 * IPv6 by its /64, because a single client usually commands a whole one. What is no address counts as one client.
 */
export function addressKey(address: string): string {
  if (isIPv4(address)) return address;
  if (address.startsWith(MAPPED_IPV4_PREFIX) && isIPv4(address.slice(MAPPED_IPV4_PREFIX.length)))
    return address.slice(MAPPED_IPV4_PREFIX.length);
  if (isIP(address) !== 0) return normalizeIp(address);
  const [, ipv4, ipv6] = WITH_PORT.exec(address) ?? [];
  const bare = ipv4 ?? ipv6 ?? '';
  return isIP(bare) === 0 ? 'unknown' : addressKey(bare);
}

/**
 * A signed-in caller counts as themselves wherever they call from; all others count by address. In braces, so that all
 * buckets of one caller lie in one slot of a Redis Cluster.
 */
export const callerKey = (exchange: Exchange): string =>
  exchange.principal === undefined
    ? `{address:${addressKey(exchange.clientAddress)}}`
    : `{user:${exchange.principal.userId}}`;
