import { ApiProperty } from '@nestjs/swagger';

/** A named, validated set of parameters of a pipeline. */
export class ConfigurationResponse {
  @ApiProperty({ example: 'cfg_01j9x3' })
  configuration_id: string;

  @ApiProperty()
  pipeline_id: string;

  @ApiProperty()
  pipeline_version: string;

  @ApiProperty()
  name: string;

  @ApiProperty({ type: String, nullable: true })
  description: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  parameters: Record<string, unknown>;

  @ApiProperty()
  owner: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** A page of configurations. */
export class ConfigurationPage {
  @ApiProperty({ type: [ConfigurationResponse] })
  items: ConfigurationResponse[];

  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}
