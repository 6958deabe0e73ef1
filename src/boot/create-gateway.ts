import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../app.module.js';
import { applyMiddleware } from '../app.pipeline.js';
import { GatewayAdapter } from '../edge/server/gateway.adapter.js';
import { Docs } from '../edge/openapi/docs.js';
import type { Settings } from '../kernel/config/settings.js';
import { GatewayLogger } from '../telemetry/logs/gateway-logger.js';

/** Builds the gateway without listening: modules, the order of the request path, docs. */
export async function createGateway(settings: Settings): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.register(settings),
    new GatewayAdapter(settings.server),
    { bodyParser: false, bufferLogs: true, abortOnError: false },
  );
  app.useLogger(app.get(GatewayLogger));
  applyMiddleware(app);
  if (settings.server.docsEnabled) app.get(Docs).enableFor(app);
  return app;
}
