import { Global, Module, type DynamicModule } from '@nestjs/common';
import { GLOBAL_STAGES } from './app.pipeline.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './domains/auth/auth.module.js';
import { ExecutionModule } from './domains/execution/execution.module.js';
import { IngestionModule } from './domains/ingestion/ingestion.module.js';
import { MonitoringModule } from './domains/monitoring/monitoring.module.js';
import { PipelinesModule } from './domains/pipelines/pipelines.module.js';
import { QcModule } from './domains/qc/qc.module.js';
import { ResultsModule } from './domains/results/results.module.js';
import { EdgeModule } from './edge/edge.module.js';
import { FlagsModule } from './flags/flags.module.js';
import { HealthModule } from './health/health.module.js';
import { IdentityModule } from './identity/identity.module.js';
import { Clock, SystemClock } from './kernel/clock.js';
import { Settings } from './kernel/config/settings.js';
import { Readiness } from './kernel/readiness.js';
import { StateModule } from './state/state.module.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';
import { TrafficModule } from './traffic/traffic.module.js';
import { UpstreamModule } from './upstream/upstream.module.js';

@Global()
@Module({})
class KernelModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: KernelModule,
      providers: [{ provide: Settings, useValue: settings }, { provide: Clock, useClass: SystemClock }, Readiness],
      exports: [Settings, Clock, Readiness],
    };
  }
}

/** Every room of the gateway, once; imports only. */
@Module({})
export class AppModule {
  static register(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        KernelModule.register(settings),
        StateModule,
        FlagsModule,
        EdgeModule,
        IdentityModule,
        TrafficModule,
        UpstreamModule,
        // Routes are matched in the order of registration: those that carry the load first.
        ExecutionModule,
        QcModule,
        PipelinesModule,
        ResultsModule,
        IngestionModule,
        MonitoringModule,
        AuthModule,
        HealthModule,
        TelemetryModule,
        AuditModule,
      ],
      providers: [...GLOBAL_STAGES],
    };
  }
}
