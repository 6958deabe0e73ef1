import { setTimeout as sleep } from 'node:timers/promises';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const STATES = hasRedisServer('the auth routes with sessions in Redis') ? ['memory', 'Redis'] : ['memory'];

describe.each(STATES)('the auth routes over HTTP, sessions in %s', (state) => {
  let redis: PrivateRedis | undefined;
  let gateway: BootedGateway;

  beforeAll(async () => {
    redis = state === 'Redis' ? await startPrivateRedis() : undefined;
    gateway = await bootGateway(redis === undefined ? {} : { REDIS_URL: redis.url });
    // The connection is made in the background; a gateway that waits for it answers 503 and is not ready.
    while ((await fetch(`${gateway.url}/health/ready`)).status !== 200) await sleep(20);
  });

  afterAll(async () => {
    await gateway.close();
    await redis?.close();
  });

  async function call(
    method: string,
    path: string,
    options: { body?: unknown; token?: unknown } = {},
  ): Promise<Answer> {
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: {
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token as string}` }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  }

  const login = (): Promise<Answer> =>
    call('POST', '/auth/login', { body: { username: 'admin', password: 'a-good-password' } });

  it('logs in, refreshes, looks at itself and logs out', async () => {
    const first = await login();
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const refreshed = await call('POST', '/auth/refresh', { body: { refresh_token: first.body['refresh_token'] } });
    expect(refreshed.status).toBe(200);
    expect(Object.keys(refreshed.body).sort()).toEqual(Object.keys(first.body).sort());
    const token = refreshed.body['access_token'];
    expect(await call('GET', '/auth/me', { token })).toMatchObject({ status: 200, body: { username: 'admin' } });
    const sessions = await call('GET', '/auth/sessions', { token });
    expect(sessions.body['items']).toEqual(expect.arrayContaining([expect.objectContaining({ current: true })]));
    expect((await call('POST', '/auth/logout', { token })).status).toBe(204);
    const after = await call('GET', '/auth/me', { token: first.body['access_token'] });
    expect(after).toMatchObject({ status: 401, body: { code: 'session_ended' } });
    expect(after.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('ends another session by its id, and takes a refresh token at logout', async () => {
    const [here, there] = [await login(), await login()];
    const other = await call('GET', '/auth/me', { token: there.body['access_token'] });
    const path = `/auth/sessions/${String(other.body['session_id'])}`;
    const token = here.body['access_token'];
    expect((await call('DELETE', path, { token })).status).toBe(204);
    expect(await call('DELETE', path, { token })).toMatchObject({ status: 404, body: { code: 'session_not_found' } });
    expect(await call('GET', '/auth/me', { token: there.body['access_token'] })).toMatchObject({ status: 401 });
    const body = { refresh_token: here.body['refresh_token'] };
    expect((await call('POST', '/auth/logout', { token, body })).status).toBe(204);
    expect((await call('POST', '/auth/refresh', { body })).body['code']).toBe('session_ended');
  });

  it.each([
    ['without anything', '/auth/login', {}],
    ['without a password', '/auth/login', { username: 'admin' }],
    ['with a list for a password', '/auth/login', { username: 'admin', password: ['x'] }],
    ['with an empty name', '/auth/login', { username: '', password: 'x' }],
    ['with a name too long', '/auth/login', { username: 'x'.repeat(129), password: 'x' }],
    ['with a password too long', '/auth/login', { username: 'admin', password: 'x'.repeat(1_025) }],
    ['with an unknown property', '/auth/login', { username: 'admin', password: 'x', role: 'admin' }],
    ['without anything', '/auth/refresh', {}],
    ['with other characters', '/auth/refresh', { refresh_token: 'a b' }],
    ['with a token too long', '/auth/refresh', { refresh_token: 'a'.repeat(257) }],
    ['with a list', '/auth/refresh', []],
  ])('refuses a body %s on %s', async (_, path, body) => {
    expect(await call('POST', path, { body })).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it.each([
    ['GET', '/auth/me'],
    ['GET', '/auth/sessions'],
    ['POST', '/auth/logout'],
    ['DELETE', '/auth/sessions/ses_1'],
  ])('asks for a token on %s %s', async (method, path) => {
    const answer = await call(method, path);
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="genoflow"');
  });
});
