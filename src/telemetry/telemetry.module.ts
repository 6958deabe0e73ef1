import { Global, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { GatewayLogger } from './logs/gateway-logger.js';
import { GatewayMetrics } from './metrics/gateway-metrics.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { openTraces, Traces } from './traces/open-traces.js';

/** Listens to the kernel's channels: logs, metrics at /metrics, traces. Needs Settings and Clock from a global module. */
@Global()
@Module({
  imports: [PrometheusModule.register({ path: 'metrics', controller: MetricsController })],
  providers: [
    GatewayMetrics,
    {
      provide: GatewayLogger,
      inject: [Settings, Clock],
      useFactory: ({ telemetry }: Settings, clock: Clock) => new GatewayLogger(telemetry, clock),
    },
    {
      provide: Traces,
      inject: [Settings, Clock],
      useFactory: ({ telemetry }: Settings, clock: Clock) => openTraces(telemetry.otlpEndpoint, clock),
    },
  ],
  exports: [GatewayLogger],
})
export class TelemetryModule {}
