import { join } from 'node:path';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Settings } from '../kernel/config/settings.js';
import { AuditTrail } from './audit-trail.js';
import { AuditWriter } from './audit-writer.js';
import { claimDirectory, type DirectoryClaim } from './directory-claim.js';

const DIRECTORY_CLAIM = Symbol('audit directory');

/** The tamper-evident record under DATA_DIR/audit. Needs Settings and Clock from a global module. */
@Global()
@Module({
  providers: [
    {
      provide: DIRECTORY_CLAIM,
      inject: [Settings],
      useFactory: ({ backends }: Settings) => claimDirectory(join(backends.dataDir, 'audit')),
    },
    {
      provide: AuditWriter,
      inject: [DIRECTORY_CLAIM, Clock],
      useFactory: ({ directory }: DirectoryClaim, clock: Clock) => new AuditWriter({ directory }, clock),
    },
    {
      provide: AuditTrail,
      inject: [AuditWriter, Clock],
      useFactory: (writer: AuditWriter, clock: Clock) => new AuditTrail(writer, clock),
    },
  ],
})
export class AuditModule implements OnApplicationShutdown {
  constructor(
    private readonly trail: AuditTrail,
    private readonly writer: AuditWriter,
    @Inject(DIRECTORY_CLAIM) private readonly claim: DirectoryClaim,
  ) {}

  /** After the last connection has closed, so that the last exchange is in the record. */
  async onApplicationShutdown(): Promise<void> {
    this.trail.close();
    await this.writer.close();
    this.claim.release();
  }
}
