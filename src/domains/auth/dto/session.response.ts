import { ApiProperty } from '@nestjs/swagger';
import type { Session } from '../../../identity/sessions/session.js';

/** One login that has not ended. */
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

/** A user's sessions, newest first; 32 at most. */
export class SessionsResponse {
  @ApiProperty({ type: [SessionResponse], maxItems: 32 })
  items: SessionResponse[];
}

/** `currentId` names the session that asks. */
export const describeSessions = (sessions: readonly Session[], currentId: string): SessionsResponse => ({
  items: sessions.map(({ principal, createdAt, lastSeenAt, expiresAt }) => ({
    session_id: principal.sessionId,
    created_at: new Date(createdAt).toISOString(),
    last_seen_at: new Date(lastSeenAt).toISOString(),
    expires_at: new Date(expiresAt).toISOString(),
    current: principal.sessionId === currentId,
  })),
});
