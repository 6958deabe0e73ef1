import { createHmac } from 'node:crypto';
import { IdentityTokens } from './identity-tokens.js';

const SECRET = 'a-key-for-this-test-0123456789abcdef';
const NOW = 1_700_000_000;
const tokens = new IdentityTokens(SECRET, { now: () => NOW * 1000 });
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const good = {
  iss: 'genoflow-gateway',
  aud: 'genoflow-backends',
  sub: 'usr_1',
  name: 'n',
  sid: 's',
  roles: ['viewer'],
  iat: NOW,
  exp: NOW + 60,
};

function token(claims: object, header: object = { alg: 'HS256', typ: 'JWT' }, key = SECRET): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
}

describe('identity tokens', () => {
  it('name the caller', () => {
    expect(tokens.verify(token(good))).toMatchObject({
      userId: 'usr_1',
      username: 'n',
      sessionId: 's',
      roles: ['viewer'],
    });
  });

  it.each([
    ['none at all', undefined],
    ['another key', token(good, undefined, 'another-key-for-this-test-0123456789')],
    ['no signature', `${part({ alg: 'none' })}.${part(good)}.`],
    ['another algorithm', token(good, { alg: 'HS512', typ: 'JWT' })],
    ['another issuer', token({ ...good, iss: 'somebody' })],
    ['another audience', token({ ...good, aud: 'genoflow-api' })],
    ['no expiry', token({ ...good, exp: undefined })],
    ['a past expiry', token({ ...good, iat: NOW - 70, exp: NOW - 10 })],
    ['a long life', token({ ...good, exp: NOW + 3600 })],
    ['a future', token({ ...good, iat: NOW + 30, exp: NOW + 60 })],
    ['no subject', token({ ...good, sub: undefined })],
    ['endless length', `${token(good)}${'x'.repeat(5000)}`],
  ])('are refused with %s', (_name, text) => {
    expect(() => tokens.verify(text)).toThrow(expect.objectContaining({ status: 401, code: 'identity_invalid' }));
  });
});
