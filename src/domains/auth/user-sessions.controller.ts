import { Controller, Delete, Get, Header, HttpCode, Req } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../kernel/problem-docs.decorator.js';
import { RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { SessionsResponse } from './dto/session.response.js';
import { UserSessionsService } from './user-sessions.service.js';

@ApiTags('auth')
@Controller('auth/users/:user_id/sessions')
export class UserSessionsController {
  constructor(private readonly users: UserSessionsService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @RequiresPermission('sessions:manage')
  @ApiOperation({ summary: "List a user's sessions", description: 'A user who never was has none.' })
  @ApiOkResponse({ type: SessionsResponse })
  list(@Req() { exchange, params }: RouteRequest<'user_id'>): Promise<SessionsResponse> {
    return this.users.list(exchange, params.user_id);
  }

  @Delete()
  @HttpCode(204)
  @RequiresPermission('sessions:manage')
  @ApiOperation({ summary: "End all of a user's sessions; their tokens stop working at once" })
  @ApiNoContentResponse({ description: 'The user has no session any more.' })
  endAll(@Req() { exchange, params }: RouteRequest<'user_id'>): Promise<void> {
    return this.users.endAll(exchange, params.user_id);
  }

  @Delete(':session_id')
  @HttpCode(204)
  @RequiresPermission('sessions:manage')
  @ApiOperation({ summary: "End one of a user's sessions; its tokens stop working at once" })
  @ApiNoContentResponse({ description: 'The session has ended.' })
  @ApiProblems('session_not_found')
  end(@Req() { exchange, params }: RouteRequest<'user_id' | 'session_id'>): Promise<void> {
    return this.users.end(exchange, params.user_id, params.session_id);
  }
}
