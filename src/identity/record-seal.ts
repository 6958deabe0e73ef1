import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/**
 * Shows that a record in the shared store was written by a gateway (HMAC-SHA256), so that whoever can write there cannot
 * give themselves a role or a key. It does not show that the record is the newest.
 */
export class RecordSeal {
  readonly #key: Buffer;

  /** `purpose` keeps the seals of different kinds of records apart. */
  constructor(secret: string, purpose: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  }

  /** The parts' order and bounds count. */
  of(...parts: readonly (string | number)[]): string {
    return createHmac('sha256', this.#key).update(JSON.stringify(parts)).digest('base64url');
  }

  holds(seal: string, ...parts: readonly (string | number)[]): boolean {
    const [given, wanted] = [Buffer.from(seal), Buffer.from(this.of(...parts))];
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}
