import { Module } from '@nestjs/common';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { JwksController } from './jwks.controller.js';
import { LoginService } from './login.service.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { SessionGrants } from './session-grants.js';
import { UserChanges } from './user-changes.js';
import { UserDirectory } from './user-directory.js';
import { UserFeed } from './user-feed.js';
import { UserSessionsController } from './user-sessions.controller.js';
import { UserSessionsService } from './user-sessions.service.js';

/** The one domain that is the gateway's own business; it stands on the global identity and upstream modules. */
@Module({
  controllers: [AuthController, UserSessionsController, ApiKeysController, JwksController],
  providers: [
    LoginService,
    AuthService,
    ApiKeysService,
    OwnSessionsService,
    UserSessionsService,
    SessionGrants,
    UserDirectory,
    UserChanges,
    UserFeed,
  ],
})
export class AuthModule {}
