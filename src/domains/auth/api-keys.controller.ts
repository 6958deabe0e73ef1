import { Body, Controller, Delete, Get, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../../kernel/problem-docs.decorator.js';
import { RequiresPermission } from '../../kernel/route.js';
import type { RouteRequest } from '../../kernel/route-request.js';
import { ApiKeysService } from './api-keys.service.js';
import { ApiKeyRequest } from './dto/api-key.request.js';
import { ApiKeysResponse, NewApiKeyResponse } from './dto/api-key.response.js';

@ApiTags('auth')
@Controller('auth/api-keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  @RequiresPermission('api-keys:manage', { body: 'json' })
  @ApiOperation({
    summary: 'Make an API key for a service',
    description: 'The key is shown in this answer and never again.',
  })
  @ApiCreatedResponse({ type: NewApiKeyResponse })
  @ApiProblems('too_many_api_keys')
  create(@Req() { exchange }: RouteRequest, @Body() body: ApiKeyRequest): Promise<NewApiKeyResponse> {
    return this.keys.create(exchange, body);
  }

  @Get()
  @Header('Cache-Control', 'no-store')
  @RequiresPermission('api-keys:manage')
  @ApiOperation({ summary: 'List the API keys' })
  @ApiOkResponse({ type: ApiKeysResponse })
  list(): Promise<ApiKeysResponse> {
    return this.keys.list();
  }

  @Delete(':key_id')
  @HttpCode(204)
  @RequiresPermission('api-keys:manage')
  @ApiOperation({ summary: 'Revoke an API key; it stops working at once' })
  @ApiNoContentResponse({ description: 'The key is revoked.' })
  @ApiProblems('api_key_not_found')
  revoke(@Req() { exchange, params }: RouteRequest<'key_id'>): Promise<void> {
    return this.keys.revoke(exchange, params.key_id);
  }
}
