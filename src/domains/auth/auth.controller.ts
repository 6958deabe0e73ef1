import { Body, Controller, Delete, Get, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RouteRequest } from '../../kernel/route-request.js';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import { ApiProblems } from '../../kernel/problem-docs.decorator.js';
import { PublicAccess, SignedIn } from '../../kernel/route.js';
import { AuthService } from './auth.service.js';
import { LoginRequest } from './dto/login.request.js';
import { LogoutRequest, RefreshRequest } from './dto/refresh.request.js';
import { SessionsResponse } from './dto/session.response.js';
import { TokenResponse } from './dto/token.response.js';
import { MeResponse } from './dto/user.response.js';
import { LoginService } from './login.service.js';
import { OwnSessionsService } from './own-sessions.service.js';

const LOGIN_PROBLEMS: readonly ErrorCode[] = [
  'invalid_credentials',
  'upstream_error',
  'upstream_unreachable',
  'upstream_reset',
  'upstream_bad_response',
  'no_endpoint',
  'breaker_open',
  'bulkhead_full',
  'state_unavailable',
  'upstream_timeout',
];

// Tokens and what concerns them must not be kept by any cache (RFC 6749 section 5.1).
const NoStore = (): MethodDecorator => Header('Cache-Control', 'no-store');

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly logins: LoginService,
    private readonly auth: AuthService,
    private readonly own: OwnSessionsService,
  ) {}

  @Post('login')
  @HttpCode(200)
  @NoStore()
  @PublicAccess('who logs in has no token yet', { limit: 'login', body: 'json' })
  @ApiOperation({
    summary: 'Log in with a user name and a password',
    description:
      'Ten wrong passwords for one name in 15 minutes, or 60 from one address in a minute, are answered with 429 and Retry-After, whether or not there is such a user.',
  })
  @ApiOkResponse({ type: TokenResponse })
  @ApiProblems(...LOGIN_PROBLEMS)
  login(@Req() { exchange }: RouteRequest, @Body() body: LoginRequest): Promise<TokenResponse> {
    return this.logins.login(exchange, body);
  }

  @Post('refresh')
  @HttpCode(200)
  @NoStore()
  @PublicAccess('the refresh token in the body is the proof', { body: 'json' })
  @ApiOperation({
    summary: 'Trade a refresh token for a new pair of tokens',
    description:
      'Each refresh token works once. Using an old one again ends the session and all its tokens; where REFRESH_GRACE_SECONDS is set, the one before the newest is answered with the newest for so long.',
  })
  @ApiOkResponse({ type: TokenResponse })
  @ApiProblems('invalid_token', 'session_ended', 'upstream_bad_response', 'state_unavailable')
  refresh(@Req() { exchange }: RouteRequest, @Body() body: RefreshRequest): Promise<TokenResponse> {
    return this.auth.refresh(exchange, body.refresh_token);
  }

  @Post('logout')
  @HttpCode(204)
  @SignedIn({ body: 'json' })
  @ApiOperation({
    summary: 'End the session; its tokens stop working at once',
    description: 'The token of an external issuer, which has no session here, is not taken any more.',
  })
  @ApiBody({ type: LogoutRequest, required: false })
  @ApiNoContentResponse({ description: 'The session has ended.' })
  @ApiProblems('forbidden')
  logout(@Req() { exchange }: RouteRequest, @Body() body: LogoutRequest): Promise<void> {
    return this.auth.logout(exchange, body.refresh_token);
  }

  @Get('me')
  @NoStore()
  @SignedIn()
  @ApiOperation({ summary: 'Tell who I am and what I may do' })
  @ApiOkResponse({ type: MeResponse })
  me(@Req() { exchange }: RouteRequest): Promise<MeResponse> {
    return this.own.me(exchange);
  }

  @Get('sessions')
  @NoStore()
  @SignedIn()
  @ApiOperation({ summary: 'List my sessions' })
  @ApiOkResponse({ type: SessionsResponse })
  sessions(@Req() { exchange }: RouteRequest): Promise<SessionsResponse> {
    return this.own.list(exchange);
  }

  @Delete('sessions')
  @HttpCode(204)
  @SignedIn()
  @ApiOperation({ summary: 'End all of my sessions but this one' })
  @ApiNoContentResponse({ description: 'The others have ended.' })
  endOtherSessions(@Req() { exchange }: RouteRequest): Promise<void> {
    return this.own.endOthers(exchange);
  }

  @Delete('sessions/:session_id')
  @HttpCode(204)
  @SignedIn()
  @ApiOperation({ summary: 'End one of my sessions' })
  @ApiNoContentResponse({ description: 'The session has ended.' })
  @ApiProblems('session_not_found')
  endSession(@Req() { exchange, params }: RouteRequest<'session_id'>): Promise<void> {
    return this.own.end(exchange, params.session_id);
  }
}
