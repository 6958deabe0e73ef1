import { createHash, randomBytes } from 'node:crypto';
import { IDENTIFIER } from '../../kernel/identifiers.js';
import { openSuccessor, sealSuccessor } from './refresh-successor.js';

const SESSION_BYTES = 16;
const FAMILY_BYTES = 16;
const SECRET_BYTES = 32;
const FIXED_BYTES = SESSION_BYTES + FAMILY_BYTES + SECRET_BYTES;
const MAX_USER_ID_BYTES = 128;

/** Longest refresh token, in characters. */
export const MAX_REFRESH_TOKEN_CHARACTERS = Math.ceil(((FIXED_BYTES + MAX_USER_ID_BYTES) * 4) / 3);

const SESSION_PREFIX = 'ses_';

/**
 * A refresh token, opaque to its holder: base64url of session id, family secret (128 bit), secret (256 bit) and user id.
 * The first and last say where the session is kept. The family secret stays the same through all rotations, so whoever
 * shows it held a token of this session once: an old token is told from a forged one without remembering old tokens.
 * Only hashes of the two secrets are stored; they are random, so one round of SHA-256 is enough.
 */
export class RefreshToken {
  private constructor(
    readonly userId: string,
    readonly sessionId: string,
    private readonly family: Buffer,
    private readonly secret: Buffer,
  ) {}

  static first(userId: string, sessionId: string): RefreshToken {
    return new RefreshToken(userId, sessionId, randomBytes(FAMILY_BYTES), randomBytes(SECRET_BYTES));
  }

  /** Undefined for what cannot be a refresh token. */
  static decode(text: string): RefreshToken | undefined {
    if (text.length > MAX_REFRESH_TOKEN_CHARACTERS) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    const userId = bytes.toString('latin1', FIXED_BYTES);
    // One token has one spelling: what does not encode back to the same text was tampered with.
    if (!IDENTIFIER.test(userId) || bytes.toString('base64url') !== text) return undefined;
    return new RefreshToken(
      userId,
      `${SESSION_PREFIX}${bytes.toString('hex', 0, SESSION_BYTES)}`,
      bytes.subarray(SESSION_BYTES, SESSION_BYTES + FAMILY_BYTES),
      bytes.subarray(SESSION_BYTES + FAMILY_BYTES, FIXED_BYTES),
    );
  }

  /** The token that replaces this one in its session. */
  next(): RefreshToken {
    return this.#with(randomBytes(SECRET_BYTES));
  }

  /** The token that replaces this one, for a store to keep: nobody can read it who has not this token. */
  seal(next: RefreshToken): string {
    return sealSuccessor(next.secret, this.secret);
  }

  /** The token that was sealed; undefined where it was not by this one. */
  open(sealed: string): RefreshToken | undefined {
    const secret = openSuccessor(sealed, this.secret);
    return secret?.length === SECRET_BYTES ? this.#with(secret) : undefined;
  }

  get familyHash(): string {
    return sha256(this.family);
  }

  get secretHash(): string {
    return sha256(this.secret);
  }

  encode(): string {
    const session = Buffer.from(this.sessionId.slice(SESSION_PREFIX.length), 'hex');
    return Buffer.concat([session, this.family, this.secret, Buffer.from(this.userId, 'latin1')]).toString('base64url');
  }

  #with(secret: Buffer): RefreshToken {
    return new RefreshToken(this.userId, this.sessionId, this.family, secret);
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url');
