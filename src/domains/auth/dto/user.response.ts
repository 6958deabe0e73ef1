import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PERMISSIONS, ROLES } from '../../../kernel/permissions.js';

/** Who somebody is. */
export class UserResponse {
  @ApiProperty({ example: 'usr_7f3k2m' })
  id: string;

  @ApiProperty({ example: 'admin' })
  username: string;

  @ApiProperty({ example: 'Laboratory administrator' })
  display_name: string;

  @ApiProperty({ type: [String], example: [ROLES[0]], description: `Of the platform's own: ${ROLES.join(', ')}.` })
  roles: readonly string[];

  @ApiProperty({ type: [String], example: ['*'], description: 'Projects the user belongs to; `*` stands for all.' })
  projects: readonly string[];
}

/** The caller, and what they may do. */
export class MeResponse extends UserResponse {
  @ApiProperty({ enum: PERMISSIONS, isArray: true, example: ['qc:run', 'qc:read'] })
  permissions: readonly string[];

  @ApiPropertyOptional({
    example: 'ses_5f0c1e0a9b7d4c3e8f2a1b6c7d8e9f00',
    description: 'Absent for an API key and for the token of an external issuer, which have no session here.',
  })
  session_id?: string;
}
