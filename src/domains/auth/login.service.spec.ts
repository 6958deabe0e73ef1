import { AuthDomain, codeOf, USER } from '../../../test/support/auth-domain.js';
import { buildExchange } from '../../../test/support/identity-builders.js';

describe('LoginService', () => {
  let domain: AuthDomain;

  beforeEach(() => {
    domain = new AuthDomain();
  });
  afterEach(() => {
    domain.close();
  });

  it('asks the auth service as the gateway, and answers with a pair that works', async () => {
    const tokens = await domain.login();
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      refresh_token: expect.stringMatching(/^[\w-]{80,256}$/),
      token_type: 'Bearer',
      expires_in: 900,
      refresh_expires_in: 60,
      user: { id: 'usr_1', username: 'ada', display_name: 'Ada', roles: ['analyst'], projects: ['*'] },
    });
    expect((await domain.signedIn(tokens)).principal).toMatchObject({ userId: 'usr_1', roles: ['analyst'] });
    const [call] = domain.backend.calls;
    expect(call).toMatchObject({ service: 'auth', method: 'POST', path: '/login', retry: 'never' });
    expect(JSON.parse((call?.body as Buffer).toString())).toEqual({ username: 'ada', password: 'secret' });
    expect(call?.fields).toEqual(expect.arrayContaining(['x-request-id', 'request-1', 'x-user-id', 'gateway']));
    expect(domain.told).toEqual(['login']);
  });

  it('answers alike to whatever the auth service refuses', async () => {
    for (const code of ['invalid_credentials', 'user_not_found']) {
      domain.backend.answer({ code }, 401);
      await expect(domain.logIn('ada', 'wrong')).rejects.toMatchObject({
        code: 'invalid_credentials',
        status: 401,
        fields: ['WWW-Authenticate', 'Bearer realm="genoflow"'],
      });
    }
    expect(domain.told).toEqual(['login-refused', 'login-refused']);
  });

  it('lets no disabled user in, though the auth service says 200', async () => {
    domain.backend.answer({ user: { ...USER, disabled: true } });
    expect(await codeOf(domain.logIn('ada', 'secret'))).toBe('invalid_credentials');
  });

  it.each([
    [['Retry-After', '17'], 17],
    [['retry-after', '99999999'], 86_400],
    [['Retry-After', '0'], 1],
    [['Retry-After', 'Wed, 21 Oct 2026 07:28:00 GMT'], 60],
    [['Retry-After', '-5'], 60],
    [[], 60],
  ])('hands on how long an account is locked: %j', async (fields, retryAfterSeconds) => {
    domain.backend.answer({ code: 'account_locked' }, 429);
    domain.backend.fields = ['X-Note', 'retry-after', ...fields];
    await expect(domain.logIn('ada', 'x')).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds,
    });
  });

  it.each([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['no user', {}],
    ['a user without roles', { user: { ...USER, roles: undefined } }],
    ['a role that would break a field', { user: { ...USER, roles: ['admin\r\nx-user-id: root'] } }],
    ['an id that would leave its key', { user: { ...USER, id: 'a}{b/../c' } }],
    ['a user without the word on being disabled', { user: { ...USER, disabled: undefined } }],
    ['a name of 10 KB', { user: { ...USER, username: 'x'.repeat(10_000) } }],
    ['a thousand roles', { user: { ...USER, roles: Array.from({ length: 1_000 }, () => 'viewer') } }],
  ])('takes no garbage for a user: %s', async (_, body) => {
    domain.backend.answer(body);
    expect(await codeOf(domain.logIn('ada', 'x'))).toBe('upstream_bad_response');
    expect(domain.told).toEqual([]);
  });

  it.each([
    [500, 'upstream_error'],
    [302, 'upstream_bad_response'],
    [400, 'upstream_bad_response'],
    [204, 'upstream_bad_response'],
  ])('opens no session on a %d', async (status, code) => {
    domain.backend.answer({ user: USER }, status);
    expect(await codeOf(domain.logIn('ada', 'x'))).toBe(code);
  });

  describe('guesses at a password', () => {
    it('are checked ten times, however many come at once, and then not until a quarter of an hour has passed', async () => {
      domain.backend.answer({ code: 'invalid_credentials' }, 401);
      const outcomes = await Promise.all(Array.from({ length: 60 }, () => codeOf(domain.logIn('ada', 'wrong'))));
      expect(domain.backend.calls).toHaveLength(10);
      expect(outcomes.filter((code) => code === 'invalid_credentials')).toHaveLength(10);
      expect(outcomes.filter((code) => code === 'rate_limited')).toHaveLength(50);
      expect(await codeOf(domain.login())).toBe('rate_limited');
      domain.clock.advance(15 * 60_000);
      expect(await codeOf(domain.login())).toBe('done');
    });

    it('count though the client goes, and give it no session', async () => {
      domain.backend.answer({ user: USER });
      const exchange = buildExchange();
      domain.backend.meanwhile = () => {
        exchange.hangUp.hangUp();
        return Promise.resolve();
      };
      expect(await codeOf(domain.logins.login(exchange, { username: 'ada', password: 'secret' }))).toBe('client_gone');
      expect(domain.backend.calls[0]?.hangUp).toBeUndefined();
      expect(domain.told).toEqual([]);
    });
  });
});
