import fc from 'fast-check';
import { MAX_REFRESH_TOKEN_CHARACTERS, RefreshToken } from './refresh-token.js';
import { newSessionId } from './session.js';

const userIds = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/);

describe('RefreshToken', () => {
  it('reads back what it wrote, for every user id', () => {
    fc.assert(
      fc.property(userIds, (userId) => {
        const token = RefreshToken.first(userId, newSessionId());
        const read = RefreshToken.decode(token.encode());
        expect(read).toMatchObject({ userId, sessionId: token.sessionId });
        expect(read?.familyHash).toBe(token.familyHash);
        expect(read?.secretHash).toBe(token.secretHash);
        expect(token.encode().length).toBeLessThanOrEqual(MAX_REFRESH_TOKEN_CHARACTERS);
      }),
    );
  });

  it('keeps the family and changes the secret from one to the next', () => {
    const token = RefreshToken.first('usr_1', newSessionId());
    const next = token.next();
    expect(next.familyHash).toBe(token.familyHash);
    expect(next.secretHash).not.toBe(token.secretHash);
    expect(next.encode()).not.toBe(token.encode());
  });

  it('seals its successor so that it alone can open it', () => {
    const token = RefreshToken.first('usr_1', newSessionId());
    const next = token.next();
    const sealed = token.seal(next);
    expect(token.open(sealed)?.encode()).toBe(next.encode());
    expect(next.open(sealed)).toBeUndefined();
    expect(token.next().open(sealed)).toBeUndefined();
    for (const part of [next.encode(), next.secretHash]) expect(sealed).not.toContain(part);
    expect(token.seal(next)).not.toBe(sealed);
  });

  it('opens nothing that was spoilt on the way', () => {
    const token = RefreshToken.first('usr_1', newSessionId());
    const sealed = token.seal(token.next());
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat(sealed.length - 2)), (spoilt) => {
        const text =
          typeof spoilt === 'string'
            ? spoilt
            : sealed.slice(0, spoilt) + (sealed[spoilt] === 'A' ? 'B' : 'A') + sealed.slice(spoilt + 1);
        expect(token.open(text)).toBeUndefined();
      }),
    );
  });

  it('never throws at what is not one', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), (text) => {
        const read = RefreshToken.decode(text);
        expect(read === undefined || read.encode() === text).toBe(true);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['an access token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln'],
    ['one without a user', RefreshToken.first('usr_1', newSessionId()).encode().slice(0, 86)],
    ['one with padding', `${RefreshToken.first('u', newSessionId()).encode()}=`],
    ['100 KB', 'A'.repeat(100_000)],
    [
      'a user id that would leave its key',
      Buffer.concat([Buffer.alloc(64), Buffer.from('a}/x{b')]).toString('base64url'),
    ],
  ])('refuses %s', (_, text) => {
    expect(RefreshToken.decode(text)).toBeUndefined();
  });
});
