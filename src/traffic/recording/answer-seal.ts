import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { MAX_RECORDED_BYTES } from './recorded-answer.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const LINE_FEED = 0x0a;
/** More than base64 makes of the largest answer and its head. */
const MAX_SEALED_CHARACTERS = 2 * MAX_RECORDED_BYTES;

/** An answer as it is kept: `head` is what JSON can say of it. */
export interface SealedContent {
  readonly head: object;
  readonly body: Buffer;
}

/**
 * AES-256-GCM over answers that are kept outside this process: they may hold a signed download link, and what comes
 * back must be what was put there. The record's key is bound in as associated data, so that a sealed answer opens under
 * its own key only.
 */
export class AnswerSeal {
  readonly #key: Buffer;

  /** `purpose` keeps the seals of different kinds of records apart. */
  constructor(secret: string, purpose: string) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  }

  seal({ head, body }: SealedContent, boundTo: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(boundTo));
    const sealed = [cipher.update(`${JSON.stringify(head)}\n`), cipher.update(body), cipher.final()];
    return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64');
  }

  /** Throws when the content is too large, was altered, sealed with another secret or bound to another key. */
  open(text: string, boundTo: string): SealedContent {
    if (text.length > MAX_SEALED_CHARACTERS) throw new Error('no sealed answer is as large as this');
    const bytes = Buffer.from(text, 'base64');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(boundTo)).setAuthTag(bytes.subarray(-TAG_BYTES));
    const content = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    const headEnd = content.indexOf(LINE_FEED);
    return { head: JSON.parse(content.toString('utf8', 0, headEnd)) as object, body: content.subarray(headEnd + 1) };
  }
}
