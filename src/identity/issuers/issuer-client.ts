import { HttpService } from '@nestjs/axios';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { isLoopback } from '../../kernel/config/external-issuers.js';

/** For both answers together, bodies included. */
const TIMEOUT_MS = 3_000;
const MAX_BODY_BYTES = 262_144;
const MAX_KEYS = 100;
const DISCOVERY_PATH = '/.well-known/openid-configuration';

const DISCOVERY = z.object({ issuer: z.string(), jwks_uri: z.string().max(2_048) });
const JWK_SET = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(MAX_KEYS) });

/** What an issuer did wrong, in words of our own: nothing of its answer goes further. */
export class IssuerFault extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'IssuerFault';
  }
}

/**
 * Fetches the keys of an OpenID provider: its discovery document (OpenID Connect Discovery 1.0 section 4), then the JWK
 * Set that it names. Follows no redirect, takes no more than 256 KiB and waits no longer than 3 s.
 */
export class IssuerClient {
  constructor(private readonly http: HttpService) {}

  /** Rejects with an IssuerFault. */
  async fetchKeys(issuer: string, stop: AbortSignal): Promise<JSONWebKeySet> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
    const discovery = await this.#fetch(`${issuer.replace(/\/$/, '')}${DISCOVERY_PATH}`, DISCOVERY, signal);
    // Section 4.3: to the letter, or one issuer could speak for another.
    if (discovery.issuer !== issuer) throw new IssuerFault('the discovery document is of another issuer');
    if (!mayHoldKeysOf(issuer, discovery.jwks_uri)) throw new IssuerFault('jwks_uri is not an https URL');
    return await this.#fetch(discovery.jwks_uri, JWK_SET, signal);
  }

  async #fetch<Answer>(url: string, schema: z.ZodType<Answer>, signal: AbortSignal): Promise<Answer> {
    const text = await this.#text(url, signal);
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw new IssuerFault('an answer does not have the form that OpenID Connect gives it');
    }
  }

  async #text(url: string, signal: AbortSignal): Promise<string> {
    try {
      const { data } = await this.http.axiosRef.get<string>(url, {
        signal,
        maxRedirects: 0,
        maxContentLength: MAX_BODY_BYTES,
        responseType: 'text',
        transformResponse: (body: string) => body,
        headers: { accept: 'application/json, application/jwk-set+json' },
        proxy: false,
        validateStatus: (status) => status === 200,
      });
      return data;
    } catch (error) {
      throw new IssuerFault('no answer with status 200, at most 256 KiB and within 3 s', error);
    }
  }
}

function mayHoldKeysOf(issuer: string, address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username } = new URL(address);
  if (username !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname) && issuer.startsWith('http:'));
}
