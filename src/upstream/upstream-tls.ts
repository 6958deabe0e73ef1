import { Agent } from 'node:https';
import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { LiveTls } from '../kernel/tls/live-tls.js';
import type { EndpointTarget } from './registry/endpoint-target.js';

/** How backends whose URL is https are spoken to: whom we trust, who we are, and by what name they have to show a certificate. */
@Injectable()
export class UpstreamTls extends LiveTls {
  constructor({ upstream }: Settings, clock: Clock) {
    super('upstream', upstream.tls, clock);
  }

  /** Options of a connection, as `tls.connect` takes them; none for plain HTTP. */
  optionsFor({ origin, serverName }: EndpointTarget) {
    if (!origin.startsWith('https:')) return {};
    // Said outright, for an environment variable of Node's could turn the default off.
    const options = { secureContext: this.material.clientContext, rejectUnauthorized: true };
    return serverName === undefined ? options : { ...options, servername: serverName };
  }

  /** For a single request by Node's own client. */
  agentFor(target: EndpointTarget): Agent {
    return new Agent({ ...this.optionsFor(target), maxCachedSessions: 0 });
  }
}
