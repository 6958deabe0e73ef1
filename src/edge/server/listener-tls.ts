import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Clock } from '../../kernel/clock.js';
import { Settings } from '../../kernel/config/settings.js';
import { LiveTls } from '../../kernel/tls/live-tls.js';
import { TlsServer } from './tls-server.js';

/** Gives the listener its renewed certificate. Connections that stand go on with the one they began with. */
@Injectable()
export class ListenerTls implements OnApplicationBootstrap, OnApplicationShutdown {
  #live: LiveTls | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    const { tls } = this.settings.server;
    const server: unknown = this.host.httpAdapter.getHttpServer();
    if (tls === undefined || !(server instanceof TlsServer)) return;
    const live = new LiveTls('listener', tls, this.clock);
    live.onChange(() => {
      server.setSecureContext(live.material.serverOptions);
    });
    live.onApplicationBootstrap();
    this.#live = live;
  }

  onApplicationShutdown(): void {
    this.#live?.onApplicationShutdown();
  }
}
