import { Module } from '@nestjs/common';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { JwksController } from './jwks.controller.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { SessionGrants } from './session-grants.js';
import { UserDirectory } from './user-directory.js';

/** The one domain that is the gateway's own business; it stands on the global identity and upstream modules. */
@Module({
  controllers: [AuthController, ApiKeysController, JwksController],
  providers: [AuthService, ApiKeysService, OwnSessionsService, SessionGrants, UserDirectory],
})
export class AuthModule {}
