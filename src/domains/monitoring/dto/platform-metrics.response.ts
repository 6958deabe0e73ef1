import { ApiProperty } from '@nestjs/swagger';

/** Figures of the platform, its services and its jobs. */
export class PlatformMetricsResponse {
  @ApiProperty({ format: 'date-time' })
  collected_at: string;

  @ApiProperty({ type: 'object', additionalProperties: true })
  system: Record<string, unknown>;

  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } })
  services: Record<string, unknown>[];

  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' } })
  jobs: Record<string, number>;

  @ApiProperty({ enum: ['reference', 'prometheus'] })
  source: string;
}
