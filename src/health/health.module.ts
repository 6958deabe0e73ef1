import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DependencyIndicators } from './dependency-indicators.js';
import { HealthController } from './health.controller.js';
import { HealthReportService } from './health-report.service.js';

/** The health routes; UpstreamModule, StateModule and the kernel are global. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [DependencyIndicators, HealthReportService],
})
export class HealthModule {}
