import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MAX_API_KEYS } from '../../../identity/api-keys/api-key.js';
import { GRANTABLE_SCOPES } from '../../../kernel/permissions.js';

/** An API key that has neither expired nor been revoked; never the secret itself. */
export class ApiKeyResponse {
  @ApiProperty({ example: 'key_5f0c1e0a9b7d4c3e8f2a1b6c7d8e9f00' })
  key_id: string;

  @ApiProperty({ example: 'sequencer-7' })
  name: string;

  @ApiProperty({ enum: GRANTABLE_SCOPES, isArray: true, example: ['ingestion:write', 'ingestion:read'] })
  scopes: readonly string[];

  @ApiProperty({ type: [String], example: ['*'], description: 'Projects of its maker; `*` stands for all.' })
  projects: readonly string[];

  @ApiProperty({ example: 'usr_7f3k2m', description: 'Who made it.' })
  created_by: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  expires_at: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'To the hour; absent while it has not been used.' })
  last_used_at?: string;
}

/** A new API key, shown this once. */
export class NewApiKeyResponse extends ApiKeyResponse {
  @ApiProperty({
    description: 'Send it as `Authorization: Bearer gfk_...`. It is not kept and cannot be shown again.',
    example: 'gfk_5f0c1e0a9b7d4c3e8f2a...',
  })
  api_key: string;
}

/** All API keys, newest first. */
export class ApiKeysResponse {
  @ApiProperty({ type: [ApiKeyResponse], maxItems: MAX_API_KEYS })
  items: ApiKeyResponse[];
}
