import { and, asc, eq, gt } from 'drizzle-orm';
import type { BackendClock } from '../service/clock.js';
import type { Database } from '../service/database.js';
import { isIdentifier, newId } from '../service/identifiers.js';
import type { Parameters } from './parameter-validator.js';
import { configurationNotFound } from './pipelines.problems.js';
import { configurations, type ConfigurationRow } from './pipelines.tables.js';

export type NewConfiguration = Pick<
  ConfigurationRow,
  'pipelineId' | 'pipelineVersion' | 'name' | 'description' | 'parameters' | 'owner'
>;

/** A configuration as it travels. */
export interface Configuration {
  readonly configuration_id: string;
  readonly pipeline_id: string;
  readonly pipeline_version: string;
  readonly name: string;
  readonly description: string | null;
  readonly parameters: Parameters;
  readonly owner: string;
  /** RFC 3339, UTC. */
  readonly created_at: string;
}

/** Named sets of parameters; written once, never changed, so that a job's configuration means the same for ever. */
export class ConfigurationStore {
  constructor(
    private readonly database: Database,
    private readonly clock: BackendClock,
  ) {}

  async create(values: NewConfiguration): Promise<Configuration> {
    const rows = await this.database
      .insert(configurations)
      .values({ ...values, configurationId: newId('cfg'), createdAt: new Date(this.clock.now()) })
      .returning();
    const row = rows[0];
    if (row === undefined) throw new Error('The insert returned no row.');
    return wireOf(row);
  }

  /** Throws 404 `configuration_not_found`. */
  async get(configurationId: string): Promise<Configuration> {
    if (!isIdentifier(configurationId)) throw configurationNotFound();
    const rows = await this.database
      .select()
      .from(configurations)
      .where(eq(configurations.configurationId, configurationId));
    if (rows[0] === undefined) throw configurationNotFound();
    return wireOf(rows[0]);
  }

  /** At most `limit` configurations in the order of creation, after the ordinal `after`. */
  async page(
    pipelineId: string,
    limit: number,
    after: number,
  ): Promise<{ items: Configuration[]; next: number | undefined }> {
    const rows = await this.database
      .select()
      .from(configurations)
      .where(and(eq(configurations.pipelineId, pipelineId), gt(configurations.ordinal, after)))
      .orderBy(asc(configurations.ordinal))
      .limit(limit + 1);
    const page = rows.slice(0, limit);
    return { items: page.map(wireOf), next: rows.length > limit ? page.at(-1)?.ordinal : undefined };
  }
}

const wireOf = (row: ConfigurationRow): Configuration => ({
  configuration_id: row.configurationId,
  pipeline_id: row.pipelineId,
  pipeline_version: row.pipelineVersion,
  name: row.name,
  description: row.description,
  parameters: row.parameters,
  owner: row.owner,
  created_at: row.createdAt.toISOString(),
});
