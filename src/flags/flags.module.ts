import { randomUUID } from 'node:crypto';
import { Global, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { OpenFeature } from '@openfeature/server-sdk';
import { Settings } from '../kernel/config/settings.js';
import { FeatureFlags } from '../kernel/feature-flags.js';
import { FlagFileProvider } from './flag-file.provider.js';
import { OpenFeatureFlags } from './open-feature.flags.js';

export interface OpenedFlags {
  readonly flags: OpenFeatureFlags;
  readonly close: () => Promise<void>;
}

/** Opens flags over the file, or over whatever provider the process has set for OpenFeature as its default. */
export async function openFlags(file: string | undefined): Promise<OpenedFlags> {
  if (file === undefined) return refreshed(new OpenFeatureFlags(OpenFeature.getClient()));
  const provider = new FlagFileProvider(file);
  // A domain of its own: OpenFeature's registry belongs to the process, and a process may hold several gateways.
  const domain = `genoflow-${randomUUID()}`;
  await OpenFeature.setProviderAndWait(domain, provider);
  return refreshed(new OpenFeatureFlags(OpenFeature.getClient(domain)), provider);
}

async function refreshed(flags: OpenFeatureFlags, provider?: FlagFileProvider): Promise<OpenedFlags> {
  await flags.refresh();
  return {
    flags,
    close: async () => {
      flags.close();
      await provider?.onClose();
    },
  };
}

const OPENED = Symbol('opened flags');

@Global()
@Module({
  providers: [
    { provide: OPENED, inject: [Settings], useFactory: ({ flags }: Settings) => openFlags(flags.file) },
    { provide: FeatureFlags, inject: [OPENED], useFactory: ({ flags }: OpenedFlags) => flags },
  ],
  exports: [FeatureFlags],
})
export class FlagsModule implements OnModuleDestroy {
  constructor(@Inject(OPENED) private readonly opened: OpenedFlags) {}

  onModuleDestroy(): Promise<void> {
    return this.opened.close();
  }
}
