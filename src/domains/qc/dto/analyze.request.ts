import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { IDENTIFIER, SAMPLE_ID } from '../../../kernel/identifiers.js';

/** Body of `POST /api/v1/qc/analyze`. */
export class AnalyzeRequest {
  @ApiProperty({ example: 'SAMPLE-001', pattern: SAMPLE_ID.source })
  @Matches(SAMPLE_ID)
  sample_id: string;

  @ApiProperty({ example: 'upl_01j9x3', description: 'The completed upload of the reads, or of mate 1.' })
  @Matches(IDENTIFIER)
  upload_id: string;

  @ApiPropertyOptional({ example: 'upl_01j9x4', description: 'The completed upload of mate 2.' })
  @IsOptional()
  @Matches(IDENTIFIER)
  mate_upload_id?: string;

  @ApiPropertyOptional({ example: 'wgs', maxLength: 64, description: 'Names the set of thresholds to judge by.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  assay?: string;
}
