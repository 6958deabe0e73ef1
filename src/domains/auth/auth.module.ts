import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { SessionGrants } from './session-grants.js';
import { UserDirectory } from './user-directory.js';

/** The one domain that is the gateway's own business; it stands on the global identity and upstream modules. */
@Module({
  controllers: [AuthController],
  providers: [AuthService, OwnSessionsService, SessionGrants, UserDirectory],
})
export class AuthModule {}
