import { createServer } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Application } from 'express';
import { ANSWERED } from '../../kernel/exchange.js';
import type { ServerSettings } from '../../kernel/config/settings.js';
import { answerUnreadableMessage } from './unreadable-message.js';
import { messageClassesFor } from './message-classes.js';

/** Largest header section, request line included, in bytes; Node answers 431 beyond it. */
export const MAX_HEADER_BYTES = 16_384;
/** Header fields of one request; Node would silently drop the rest, so the exchange refuses at this count. */
export const MAX_HEADER_FIELDS = 128;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** Nest's Express adapter over a server whose messages keep their hidden classes and whose limits are ours. */
export class GatewayAdapter extends ExpressAdapter {
  constructor(private readonly settings: ServerSettings) {
    super();
    const application = this.getInstance<Application>();
    application.disable('x-powered-by');
    application.disable('etag');
    application.set('query parser', 'simple');
    application.set('case sensitive routing', true);
    if (settings.trustProxy !== undefined) application.set('trust proxy', settings.trustProxy);
  }

  override initHttpServer(): void {
    const application = this.getInstance<Application>();
    const server = createServer(
      {
        ...messageClassesFor(application),
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: this.settings.headersTimeoutMs,
        // Bodies have their own clocks: JSON a deadline, uploads an idle timeout; one for both would cut long uploads.
        requestTimeout: 0,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        connectionsCheckingInterval: Math.min(1_000, this.settings.headersTimeoutMs),
        insecureHTTPParser: false,
        requireHostHeader: true,
      },
      application,
    );
    server.maxHeadersCount = MAX_HEADER_FIELDS;
    server.on('clientError', answerUnreadableMessage);
    this.setHttpServer(server);
    this.httpServer = server;
  }

  /** A handler that returns ANSWERED has written its answer to the exchange's sink; there is nothing left to reply. */
  override reply(response: unknown, body: unknown, statusCode?: number): unknown {
    if (body === ANSWERED) return undefined;
    return super.reply(response, body, statusCode) as unknown;
  }
}
