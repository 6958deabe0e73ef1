import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

const MAX_FILES = 500;

/** Body of `POST /api/v1/results/{job_id}/download-links`. */
export class DownloadLinksRequest {
  @ApiPropertyOptional({ type: [String], maxItems: MAX_FILES, description: 'Names of result files; all when absent.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_FILES)
  @IsString({ each: true })
  @MaxLength(255, { each: true })
  files?: string[];

  @ApiPropertyOptional({ type: 'integer', minimum: 60, maximum: 86_400, default: 900, description: 'Seconds.' })
  @IsOptional()
  @IsInt()
  @Min(60)
  @Max(86_400)
  expires_in?: number;
}
