import { ApiProperty } from '@nestjs/swagger';
import type { PublicJwk } from '../../../identity/tokens/token-keys.js';

/** A JWK Set (RFC 7517) of public keys. */
export class JwkSetResponse {
  @ApiProperty({
    type: 'array',
    items: {
      type: 'object',
      required: ['kty', 'kid', 'alg', 'use'],
      properties: {
        kty: { type: 'string', enum: ['RSA', 'EC', 'OKP'] },
        kid: { type: 'string' },
        alg: { type: 'string', enum: ['RS256', 'ES256', 'EdDSA'] },
        use: { type: 'string', enum: ['sig'] },
      },
      additionalProperties: { type: 'string' },
    },
    maxItems: 16,
    description: 'Empty where a shared secret signs.',
  })
  keys: readonly PublicJwk[];
}
