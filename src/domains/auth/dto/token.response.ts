import { ApiProperty } from '@nestjs/swagger';
import { UserResponse } from './user.response.js';

/** A pair of tokens (RFC 6749 section 5.1) and whose they are. */
export class TokenResponse {
  @ApiProperty({ description: 'A JWT; send it as `Authorization: Bearer ...`.', example: 'eyJhbGciOi...' })
  access_token: string;

  @ApiProperty({ description: 'Opaque; works once, for `POST /auth/refresh`.', example: 'q1x0VnZ4c0hKb1d3R2hQ...' })
  refresh_token: string;

  @ApiProperty({ enum: ['Bearer'], example: 'Bearer' })
  token_type: 'Bearer';

  @ApiProperty({ type: 'integer', description: 'Seconds the access token is good for.', example: 900 })
  expires_in: number;

  @ApiProperty({ type: 'integer', description: 'Seconds the session lives on if nothing happens.', example: 900 })
  refresh_expires_in: number;

  @ApiProperty({ type: UserResponse })
  user: UserResponse;
}
