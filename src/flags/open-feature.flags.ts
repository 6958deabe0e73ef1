import { ProviderEvents, type Client } from '@openfeature/server-sdk';
import { FEATURE_FLAGS, FeatureFlags, type FeatureFlagName } from '../kernel/feature-flags.js';

const NAMES = Object.keys(FEATURE_FLAGS) as FeatureFlagName[];

/**
 * OpenFeature evaluates asynchronously, once for every use; the request path reads a snapshot instead, which is taken
 * anew whenever the provider says that something changed. None of our flags depends on who asks.
 */
export class OpenFeatureFlags extends FeatureFlags {
  #snapshot: Readonly<Record<FeatureFlagName, boolean>> = FEATURE_FLAGS;
  readonly #refresh = (): Promise<void> => this.refresh();

  constructor(private readonly client: Client) {
    super();
    client.addHandler(ProviderEvents.Ready, this.#refresh);
    client.addHandler(ProviderEvents.ConfigurationChanged, this.#refresh);
  }

  override isEnabled(name: FeatureFlagName): boolean {
    return this.#snapshot[name];
  }

  /** Takes the snapshot; a provider that fails leaves a flag at its default. */
  async refresh(): Promise<void> {
    const values = await Promise.all(
      NAMES.map(async (name) => [name, await this.client.getBooleanValue(name, FEATURE_FLAGS[name])] as const),
    );
    this.#snapshot = Object.fromEntries(values) as Record<FeatureFlagName, boolean>;
  }

  /** Ends listening; whoever set the provider closes it. */
  close(): void {
    this.client.removeHandler(ProviderEvents.Ready, this.#refresh);
    this.client.removeHandler(ProviderEvents.ConfigurationChanged, this.#refresh);
  }
}
