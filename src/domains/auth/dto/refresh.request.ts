import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

// A JWT has the form too: it is no refresh token, and is refused as a token and not as a fault of form.
const REFRESH_TOKEN = /^[A-Za-z0-9_-]{1,256}(\.[A-Za-z0-9_-]{1,4096}){0,2}$/;
const EXAMPLE = 'q1x0VnZ4c0hKb1d3R2hQZGJtT0x5U2ZpYTVrVjJ0UWc';

/** Body of `POST /auth/refresh`. */
export class RefreshRequest {
  @ApiProperty({ example: EXAMPLE, pattern: REFRESH_TOKEN.source, description: 'The newest one; each works once.' })
  @Matches(REFRESH_TOKEN)
  refresh_token: string;
}

/** Body of `POST /auth/logout`, which may be left out. */
export class LogoutRequest {
  @ApiPropertyOptional({
    example: EXAMPLE,
    pattern: REFRESH_TOKEN.source,
    description: 'Ends the session of this token too, if it is another one of yours.',
  })
  @IsOptional()
  @Matches(REFRESH_TOKEN)
  refresh_token?: string;
}
