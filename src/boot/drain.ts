import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { Readiness } from '../kernel/readiness.js';

/**
 * Ends the gateway without losing an answer: readiness turns false, no connection is taken any more, running exchanges
 * end, and what is left after `timeoutMs` is cut off.
 */
export async function drain(app: INestApplication, timeoutMs: number): Promise<void> {
  app.get(Readiness).drain();
  const server = app.getHttpServer() as Server;
  const cutOff = setTimeout(() => {
    server.closeAllConnections();
  }, timeoutMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cutOff);
  }
}
