import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { LiveTls } from '../kernel/tls/live-tls.js';
import type { RedisTarget } from './redis-target.js';

/** How a Redis that is addressed by TLS is spoken to. */
export class RedisTls extends LiveTls {
  /**
   * ioredis copies these into the options of every connection it makes, and with them the material there is then. Every
   * server has to show a certificate for the name or address it was reached by: the one of REDIS_URL, or what a Cluster and
   * sentinels tell.
   */
  optionsFor({ kind, addresses }: RedisTarget): ConnectionOptions {
    const current = () => this.material.clientContext;
    const host = addresses[0]?.host ?? '';
    return {
      get secureContext() {
        return current();
      },
      // Said outright, for an environment variable of Node's could turn the default off.
      rejectUnauthorized: true,
      // Servers behind one address are told apart by it; a name that differs from node to node ioredis cannot be told.
      ...(kind === 'single' && isIP(host) === 0 ? { servername: host } : {}),
    };
  }
}
