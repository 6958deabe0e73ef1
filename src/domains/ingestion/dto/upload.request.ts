import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { IDENTIFIER, PROJECT_ID, SAMPLE_ID } from '../../../kernel/identifiers.js';

export const FILE_TYPES = ['fastq', 'fasta', 'bam', 'cram', 'vcf'] as const;
const CHECKSUM = /^sha256:[0-9a-f]{64}$/;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._ +-]{0,254}$/;

/** JSON body of `POST /api/v1/ingestion/upload`: opens a resumable upload. */
export class UploadRequest {
  @ApiProperty({ example: 'SAMPLE-001', pattern: SAMPLE_ID.source })
  @Matches(SAMPLE_ID)
  sample_id: string;

  @ApiProperty({ example: 'SAMPLE-001_R1.fastq.gz', pattern: FILE_NAME.source })
  @IsString()
  @MinLength(1)
  @MaxLength(255)
  @Matches(FILE_NAME)
  file_name: string;

  @ApiProperty({ type: 'integer', format: 'int64', minimum: 1, example: 131_724, description: 'Bytes.' })
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  file_size: number;

  @ApiPropertyOptional({ example: `sha256:${'0'.repeat(64)}`, pattern: CHECKSUM.source })
  @IsOptional()
  @Matches(CHECKSUM)
  checksum?: string;

  @ApiPropertyOptional({ enum: FILE_TYPES })
  @IsOptional()
  @IsIn(FILE_TYPES)
  file_type?: (typeof FILE_TYPES)[number];

  @ApiPropertyOptional({ example: 'trio-study', description: 'Default: the only project you belong to.' })
  @IsOptional()
  @Matches(PROJECT_ID)
  project_id?: string;

  @ApiPropertyOptional({ example: 'upl_01j9x3', description: 'The upload that this file is the second mate of.' })
  @IsOptional()
  @Matches(IDENTIFIER)
  mate_of?: string;
}
