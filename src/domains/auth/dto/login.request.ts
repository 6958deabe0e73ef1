import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';

/** Body of `POST /auth/login`. */
export class LoginRequest {
  @ApiProperty({ example: 'admin', minLength: 1, maxLength: 128 })
  @IsString()
  @Length(1, 128)
  username: string;

  @ApiProperty({ example: 'password', format: 'password', minLength: 1, maxLength: 1024 })
  @IsString()
  @Length(1, 1024)
  password: string;
}
