import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.js';
import { ALL_PROJECTS, type Principal } from '../../kernel/principal.js';
import { OutboundIdentity } from '../../upstream/outbound-identity.js';
import type { Signer, TokenKeys } from '../tokens/token-keys.js';
import { identitySigner, type SignIdentity } from './identity-signer.js';

const LIFE_SECONDS = 60;
/** Half the life, so that a token is good for 30 s at least when it leaves. */
const REUSE_MS = 30_000;
const CACHED_CALLERS = 20_000;
const ANONYMOUS: Principal = { userId: 'anonymous', username: 'anonymous', sessionId: '', roles: [], projects: [] };
const GATEWAY: Principal = {
  userId: 'gateway',
  username: 'gateway',
  sessionId: '',
  roles: [],
  projects: [ALL_PROJECTS],
};

/** Whom a token names: `gateway` is the gateway itself, which no record of a user can make of anybody. */
type Kind = 'user' | 'gateway';

interface Minted {
  readonly principal: Principal;
  readonly fields: readonly string[];
  /** Epoch milliseconds. */
  readonly mintedAt: number;
  readonly signer: Signer;
}

/**
 * Tells backends whom the gateway acts for, in a JWT of 60 s that they can verify. One is minted per session and 30 s,
 * and anew as soon as another key signs.
 */
export class GatewayIdentity extends OutboundIdentity {
  readonly #minted = new LRUCache<string, Minted>({ max: CACHED_CALLERS });
  #forGateway: Minted | undefined;
  #signer: Signer;
  #sign: SignIdentity;

  constructor(
    private readonly keys: Pick<TokenKeys, 'signer'>,
    private readonly identitySecret: string,
    private readonly clock: Clock,
  ) {
    super();
    this.#signer = keys.signer;
    this.#sign = identitySigner(keys.signer, identitySecret);
  }

  override fieldsFor(principal: Principal = ANONYMOUS): readonly string[] {
    const key = principal.sessionId || principal.userId;
    const now = this.clock.now();
    const minted = this.#minted.get(key);
    if (minted !== undefined && this.#isFresh(minted, now) && isSame(minted.principal, principal)) return minted.fields;
    const next = this.#mint('user', principal, now);
    this.#minted.set(key, next);
    return next.fields;
  }

  /** For calls that the gateway makes for itself: kind and sub `gateway`. */
  fieldsForGateway(): readonly string[] {
    const now = this.clock.now();
    if (this.#forGateway === undefined || !this.#isFresh(this.#forGateway, now)) {
      this.#forGateway = this.#mint('gateway', GATEWAY, now);
    }
    return this.#forGateway.fields;
  }

  #isFresh({ mintedAt, signer }: Minted, now: number): boolean {
    const age = now - mintedAt;
    // A clock that was put back would have backends see a token of the future.
    return age >= 0 && age < REUSE_MS && signer === this.keys.signer;
  }

  #mint(kind: Kind, principal: Principal, mintedAt: number): Minted {
    const { userId, username, sessionId, roles, projects } = principal;
    const iat = Math.floor(mintedAt / 1000);
    const who = { sub: userId, name: username, sid: sessionId, kind, roles, projects };
    const token = this.#currentSign()({ ...who, iat, exp: iat + LIFE_SECONDS });
    const fields = ['x-user-id', userId, 'x-user-roles', roles.join(','), 'x-session-id', sessionId];
    return { principal, fields: [...fields, 'x-genoflow-identity', token], mintedAt, signer: this.#signer };
  }

  #currentSign(): SignIdentity {
    const { signer } = this.keys;
    if (signer !== this.#signer) {
      this.#signer = signer;
      this.#sign = identitySigner(signer, this.identitySecret);
    }
    return this.#sign;
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
