import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';

/** Body of `POST /api/v1/pipelines/{pipeline_id}/configurations`. */
export class ConfigurationRequest {
  @ApiProperty({ example: 'Exome, strict', minLength: 1, maxLength: 128 })
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  name: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { min_length: 36 },
    description: "Values for the pipeline's parameters; held against its `parameters_schema`.",
  })
  @IsObject()
  parameters: Record<string, unknown>;

  @ApiPropertyOptional({ maxLength: 1024 })
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  description?: string;
}
