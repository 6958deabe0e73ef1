import { randomUUID } from 'node:crypto';
import { Global, Module, type OnModuleDestroy } from '@nestjs/common';
import { OpenFeature } from '@openfeature/server-sdk';
import { Settings } from '../kernel/config/settings.js';
import { FeatureFlags } from '../kernel/feature-flags.js';
import { FlagFileProvider } from './flag-file.provider.js';
import { OpenFeatureFlags } from './open-feature.flags.js';

/** Opens flags over the file, or over whatever provider the process has set for OpenFeature as its default. */
export async function openFlags(file: string | undefined): Promise<OpenFeatureFlags> {
  if (file === undefined) return refreshed(new OpenFeatureFlags(OpenFeature.getClient()));
  // A domain of its own: OpenFeature's registry belongs to the process, and a process may hold several gateways.
  const domain = `genoflow-${randomUUID()}`;
  await OpenFeature.setProviderAndWait(domain, new FlagFileProvider(file));
  return refreshed(new OpenFeatureFlags(OpenFeature.getClient(domain)));
}

async function refreshed(flags: OpenFeatureFlags): Promise<OpenFeatureFlags> {
  await flags.refresh();
  return flags;
}

@Global()
@Module({
  providers: [
    { provide: FeatureFlags, inject: [Settings], useFactory: ({ flags }: Settings) => openFlags(flags.file) },
  ],
  exports: [FeatureFlags],
})
export class FlagsModule implements OnModuleDestroy {
  constructor(private readonly flags: FeatureFlags) {}

  onModuleDestroy(): void {
    if (this.flags instanceof OpenFeatureFlags) this.flags.close();
  }
}
