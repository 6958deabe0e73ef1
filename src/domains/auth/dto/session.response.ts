import { ApiProperty } from '@nestjs/swagger';

/** One login of the caller that has not ended. */
export class SessionResponse {
  @ApiProperty({ example: 'ses_5f0c1e0a9b7d4c3e8f2a1b6c7d8e9f00' })
  session_id: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  last_seen_at: string;

  @ApiProperty({ format: 'date-time', description: 'The latest possible end.' })
  expires_at: string;

  @ApiProperty({ description: 'Whether it is the session that asks.' })
  current: boolean;
}

/** The caller's sessions, newest first; a user has 32 at most. */
export class SessionsResponse {
  @ApiProperty({ type: [SessionResponse], maxItems: 32 })
  items: SessionResponse[];
}
