import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { IDENTIFIER } from '../../kernel/identifiers.js';
import { newApiKey, readApiKey } from './api-key-text.js';

describe('an API key', () => {
  it('is read back as it was made, and never twice the same', () => {
    const made = Array.from({ length: 100 }, newApiKey);
    for (const { text, id, secretHash } of made) {
      expect(text).toMatch(/^gfk_[0-9a-f]{104}$/);
      expect(id).toMatch(IDENTIFIER);
      expect(readApiKey(text)).toEqual({ id, secretHash });
    }
    expect(new Set(made.map(({ id }) => id)).size).toBe(100);
    expect(new Set(made.map(({ secretHash }) => secretHash.toString('hex'))).size).toBe(100);
  });

  it('is known by the SHA-256 of its secret, which the hash does not show', () => {
    const { text, secretHash } = newApiKey();
    const secret = text.slice(4 + 32, 4 + 32 + 64);
    expect(secretHash).toEqual(createHash('sha256').update(Buffer.from(secret, 'hex')).digest());
  });

  it('with any character changed is none', () => {
    const { text } = newApiKey();
    const changed = fc.tuple(fc.nat(text.length - 1), fc.constantFrom(...'0123456789abcdefABCDEFgk_-. '));
    fc.assert(
      fc.property(changed, ([at, character]) => {
        fc.pre(text[at] !== character);
        expect(readApiKey(text.slice(0, at) + character + text.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  it('is never read from what only looks like one', () => {
    const { text } = newApiKey();
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (tail) => {
        expect(readApiKey(`gfk_${tail}`)).toBeUndefined();
      }),
    );
    for (const near of [` ${text}`, `${text}\n`, `${text}0`, text.toUpperCase(), text.slice(0, -1)])
      expect(readApiKey(near)).toBeUndefined();
  });

  it('ends in the CRC-32 of its digits, as README tells scanners', () => {
    const { text } = newApiKey();
    expect(parseInt(text.slice(-8), 16)).toBe(crc32(text.slice(4, -8)));
  });
});
