import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TokenKeys } from '../../identity/tokens/token-keys.js';
import { PublicAccess } from '../../kernel/route.js';
import { JwkSetResponse } from './dto/jwk-set.response.js';

@ApiTags('auth')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: TokenKeys) {}

  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  @PublicAccess('public keys, for whoever wants to verify a token of ours')
  @ApiOperation({ summary: 'The public keys of access tokens' })
  @ApiOkResponse({ type: JwkSetResponse })
  keySet(): JwkSetResponse {
    return { keys: this.keys.published };
  }
}
