import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { GRANTABLE_SCOPES, type Permission } from '../../../kernel/permissions.js';

const NAME = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/;
const LONGEST_DAYS = 365;

/** Body of `POST /auth/api-keys`. */
export class ApiKeyRequest {
  @ApiProperty({ example: 'sequencer-7', pattern: NAME.source, description: 'What the key is for; shown in lists.' })
  @Matches(NAME)
  name: string;

  @ApiProperty({
    enum: GRANTABLE_SCOPES,
    isArray: true,
    minItems: 1,
    maxItems: GRANTABLE_SCOPES.length,
    uniqueItems: true,
    example: ['ingestion:write', 'ingestion:read'],
    description: 'All the key may do; none that you may not do yourself.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(GRANTABLE_SCOPES.length)
  @ArrayUnique()
  @IsIn(GRANTABLE_SCOPES, { each: true })
  scopes: Permission[];

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: LONGEST_DAYS,
    example: 30,
    description: 'Days until the key expires; at most, and by default, API_KEY_MAX_DAYS (30 unless set otherwise).',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LONGEST_DAYS)
  expires_in_days?: number;
}
