import { Injectable } from '@nestjs/common';
import { invalidCredentials } from '../../identity/identity.errors.js';
import { GatewayIdentity } from '../../identity/outbound/gateway-identity.js';
import type { ErrorCode } from '../../kernel/errors/error-codes.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import type { Exchange } from '../../kernel/exchange.js';
import type { HangUp } from '../../kernel/hang-up.js';
import { VIA } from '../../upstream/request-fields.js';
import type { BufferedAnswer } from '../../upstream/transport/buffer-sink.js';
import { UpstreamClient } from '../../upstream/upstream-client.js';
import { readChanges, readLoginAnswer, readUser, type DirectoryUser, type UserChangesPage } from './directory-user.js';

/** A password check is slow on purpose; a look-up has a fallback. Milliseconds. */
const LOGIN_TIMEOUT_MS = 10_000;
const LOOKUP_TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_CHANGES_BYTES = 1024 * 1024;

const LOCKED_SECONDS = 60;
const MAX_LOCKED_SECONDS = 86_400;

const NO_ANSWER: ReadonlySet<ErrorCode> = new Set([
  'upstream_error',
  'upstream_unreachable',
  'upstream_reset',
  'upstream_timeout',
  'no_endpoint',
  'breaker_open',
  'bulkhead_full',
]);

/** `gone`: deleted or disabled. `unanswered`: the auth service could not say. */
export type LookUp =
  { readonly kind: 'found'; readonly user: DirectoryUser } | { readonly kind: 'gone' | 'unanswered' };

/** `untold`: the auth service does not know the question. `cursor-unknown`: it is to be asked from the beginning. */
export type ToldChanges =
  ({ readonly kind: 'changes' } & UserChangesPage) | { readonly kind: 'untold' | 'cursor-unknown' };

const UNTOLD: ReadonlySet<number> = new Set([404, 405, 501]);

/** The auth service: who has which password, and which roles. */
@Injectable()
export class UserDirectory {
  constructor(
    private readonly upstream: UpstreamClient,
    private readonly identity: GatewayIdentity,
  ) {}

  /**
   * Throws `invalid_credentials`, `rate_limited` or an upstream code. The client cannot call it off: what a password check
   * found must be counted.
   */
  async checkPassword(exchange: Exchange, username: string, password: string): Promise<DirectoryUser> {
    const answer = await this.upstream.fetch(
      {
        service: 'auth',
        operation: 'auth.login',
        method: 'POST',
        path: '/login',
        fields: this.#fields(exchange, 'content-type', 'application/json'),
        body: Buffer.from(JSON.stringify({ username, password })),
        retry: 'never',
        timeoutMs: LOGIN_TIMEOUT_MS,
      },
      MAX_ANSWER_BYTES,
    );
    if (answer.status === 401) throw invalidCredentials();
    if (answer.status === 429) throw locked(answer);
    const user = readLoginAnswer(expectOk(answer));
    if (user.disabled) throw invalidCredentials();
    return user;
  }

  async lookUp(exchange: Exchange, userId: string): Promise<LookUp> {
    try {
      const answer = await this.upstream.fetch(
        {
          service: 'auth',
          operation: 'auth.user',
          method: 'GET',
          path: `/users/${userId}`,
          fields: this.#fields(exchange),
          body: undefined,
          retry: 'safe',
          timeoutMs: LOOKUP_TIMEOUT_MS,
          hangUp: exchange.hangUp,
        },
        MAX_ANSWER_BYTES,
      );
      if (answer.status === 404) return { kind: 'gone' };
      const user = readUser(expectOk(answer));
      // Another user's record would hand this session another user's rights.
      if (user.id !== userId) throw new GatewayError('upstream_bad_response');
      return user.disabled ? { kind: 'gone' } : { kind: 'found', user };
    } catch (error) {
      if (error instanceof GatewayError && NO_ANSWER.has(error.code)) return { kind: 'unanswered' };
      throw error;
    }
  }

  /** Users that have changed since the cursor, in the order of their changes; all there are without one. */
  async changesSince(cursor: string | undefined, hangUp: HangUp): Promise<ToldChanges> {
    const query = cursor === undefined ? '' : `?after=${encodeURIComponent(cursor)}`;
    try {
      const answer = await this.upstream.fetch(
        {
          service: 'auth',
          operation: 'auth.user-changes',
          method: 'GET',
          path: `/users/changes${query}`,
          fields: ['accept', 'application/json', 'via', VIA, ...this.identity.fieldsForGateway()],
          body: undefined,
          retry: 'never',
          timeoutMs: LOOKUP_TIMEOUT_MS,
          hangUp,
        },
        MAX_CHANGES_BYTES,
      );
      if (UNTOLD.has(answer.status)) return { kind: 'untold' };
      if (answer.status === 410) return { kind: 'cursor-unknown' };
      return { kind: 'changes', ...readChanges(expectOk(answer)) };
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'upstream_error' && UNTOLD.has(error.status))
        return { kind: 'untold' };
      throw error;
    }
  }

  #fields(exchange: Exchange, ...own: string[]): string[] {
    const call = ['x-request-id', exchange.id, 'traceparent', exchange.traceparent, 'via', VIA];
    const client = ['x-forwarded-for', exchange.clientAddress, 'x-forwarded-proto', exchange.protocol];
    return ['accept', 'application/json', ...own, ...call, ...client, ...this.identity.fieldsForGateway()];
  }
}

function expectOk(answer: BufferedAnswer): Buffer {
  if (answer.status === 200) return answer.body;
  throw new GatewayError(answer.status >= 500 ? 'upstream_error' : 'upstream_bad_response');
}

/** The backend locks an account that is being guessed at; how long is told to the client within a day. */
function locked({ fields }: BufferedAnswer): GatewayError {
  const index = fields.findIndex((part, at) => at % 2 === 0 && part.toLowerCase() === 'retry-after');
  const value = index < 0 ? '' : (fields[index + 1] ?? '');
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : LOCKED_SECONDS;
  return new GatewayError('rate_limited', { retryAfterSeconds: Math.min(Math.max(seconds, 1), MAX_LOCKED_SECONDS) });
}
