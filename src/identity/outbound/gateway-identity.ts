import { createSecretKey } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import { ALL_PROJECTS, type Principal } from '../../kernel/principal.js';
import { OutboundIdentity } from '../../upstream/outbound-identity.js';

const ISSUER = 'genoflow-gateway';
const AUDIENCE = 'genoflow-backends';
const LIFE_SECONDS = 60;
/** Half the life, so that a token is good for 30 s at least when it leaves. */
const REUSE_MS = 30_000;
const CACHED_CALLERS = 20_000;
const ANONYMOUS: Principal = { userId: 'anonymous', username: 'anonymous', sessionId: '', roles: [], projects: [] };
const GATEWAY: Principal = {
  userId: 'gateway',
  username: 'gateway',
  sessionId: '',
  roles: ['service'],
  projects: [ALL_PROJECTS],
};

interface Minted {
  readonly principal: Principal;
  readonly fields: readonly string[];
  /** Epoch milliseconds. */
  readonly mintedAt: number;
}

/** Tells backends whom the gateway acts for, in a JWT of 60 s that they can verify; one is minted per session and 30 s. */
export class GatewayIdentity extends OutboundIdentity {
  readonly #jwt: JwtService;
  readonly #minted = new LRUCache<string, Minted>({ max: CACHED_CALLERS });

  constructor(
    identitySecret: string,
    private readonly clock: Clock,
  ) {
    super();
    this.#jwt = new JwtService({
      privateKey: createSecretKey(Buffer.from(identitySecret, 'utf8')),
      signOptions: { algorithm: 'HS256', issuer: ISSUER, audience: AUDIENCE },
    });
  }

  override fieldsFor(principal: Principal | undefined): readonly string[] {
    return this.#fieldsFor(principal ?? ANONYMOUS);
  }

  /** For calls that the gateway makes for itself: sub `gateway`, role `service`. */
  fieldsForGateway(): readonly string[] {
    return this.#fieldsFor(GATEWAY);
  }

  #fieldsFor(principal: Principal): readonly string[] {
    const now = this.clock.now();
    const key = principal.sessionId || principal.userId;
    const minted = this.#minted.get(key);
    if (minted !== undefined && now - minted.mintedAt < REUSE_MS && isSame(minted.principal, principal)) {
      return minted.fields;
    }
    const fields = this.#mint(principal, now);
    this.#minted.set(key, { principal, fields, mintedAt: now });
    return fields;
  }

  #mint(principal: Principal, now: number): readonly string[] {
    const { userId, username, sessionId, roles, projects } = principal;
    const iat = Math.floor(now / 1000);
    const who = { sub: userId, name: username, sid: sessionId, roles, projects };
    const token = this.#jwt.sign({ ...who, iat, exp: iat + LIFE_SECONDS });
    const fields = ['x-user-id', userId, 'x-user-roles', roles.join(','), 'x-session-id', sessionId];
    return [...fields, 'x-genoflow-identity', token];
  }
}

function isSame(one: Principal, other: Principal): boolean {
  if (one === other) return true;
  return (
    one.userId === other.userId &&
    one.username === other.username &&
    isSameList(one.roles, other.roles) &&
    isSameList(one.projects, other.projects)
  );
}

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((item, index) => item === other[index]);
