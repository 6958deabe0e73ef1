import { ApiProperty } from '@nestjs/swagger';

/** State of this process alone. */
export class ProcessHealth {
  @ApiProperty({ enum: ['ok', 'starting', 'shutting_down'], example: 'ok' })
  status: string;
}

/** State of the gateway and what it depends on, in Terminus's form. */
export class DependencyHealth {
  @ApiProperty({ enum: ['ok', 'degraded', 'error', 'shutting_down'], example: 'ok' })
  status: string;

  @ApiProperty({
    type: 'object',
    description: 'What is up or degraded, by name of the dependency.',
    additionalProperties: true,
    example: { qc: { status: 'up', instances: 2, available: 2 }, store: { status: 'up' } },
  })
  info: Record<string, unknown>;

  @ApiProperty({ type: 'object', description: 'What is down.', additionalProperties: true, example: {} })
  error: Record<string, unknown>;

  @ApiProperty({
    type: 'object',
    description: 'Both together.',
    additionalProperties: true,
    example: { qc: { status: 'up', instances: 2, available: 2 }, store: { status: 'up' } },
  })
  details: Record<string, unknown>;
}
