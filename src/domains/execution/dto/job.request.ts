import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { IDENTIFIER, PROJECT_ID, SAMPLE_ID } from '../../../kernel/identifiers.js';

const MAX_TAGS = 20;

/** Body of `POST /api/v1/execution/jobs`. */
export class JobRequest {
  @ApiProperty({ example: 'fastq-preprocess' })
  @Matches(IDENTIFIER)
  pipeline_id: string;

  @ApiPropertyOptional({ example: 'cfg_01j9x3' })
  @IsOptional()
  @Matches(IDENTIFIER)
  configuration_id?: string;

  @ApiProperty({ example: 'SAMPLE-001', pattern: SAMPLE_ID.source })
  @Matches(SAMPLE_ID)
  sample_id: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { reads_1: 'upl_01j9x3', reads_2: 'upl_01j9x4' },
    description: "Upload ids by the names of the pipeline's inputs.",
  })
  @IsOptional()
  @IsObject()
  inputs?: Record<string, string>;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: "Parameters that go before the configuration's.",
  })
  @IsOptional()
  @IsObject()
  parameters?: Record<string, unknown>;

  @ApiPropertyOptional({ example: 'trio-study', description: "Default: the inputs' project." })
  @IsOptional()
  @Matches(PROJECT_ID)
  project_id?: string;

  @ApiPropertyOptional({ type: [String], maxItems: MAX_TAGS, example: ['routine'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  tags?: string[];
}
