import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly user: Record<string, unknown>;
}

let gateway: BootedGateway;
beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000' });
});
afterAll(() => gateway.close());

const post = (path: string, body?: unknown, authorization?: string): Promise<Response> =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const login = async (username = 'analyst'): Promise<Tokens> =>
  (await (await post('/auth/login', { username, password: 'good' })).json()) as Tokens;
const me = (token: string): Promise<Response> =>
  fetch(`${gateway.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
const codeOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
];

describe('a session', () => {
  it('begins with login, shows in /auth/me and ends at once with logout', async () => {
    const tokens = await login();
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 900, user: { id: 'usr_analyst' } });
    expect(await (await me(tokens.access_token)).json()).toMatchObject({ username: 'analyst', roles: ['analyst'] });
    expect((await post('/auth/logout', undefined, `Bearer ${tokens.access_token}`)).status).toBe(204);
    expect(await codeOf(await me(tokens.access_token))).toEqual([401, 'session_ended']);
    expect((await post('/auth/refresh', { refresh_token: tokens.refresh_token })).status).toBe(401);
  });

  it('goes on with refresh, with the roles of the moment', async () => {
    const first = await login('viewer');
    const user = gateway.backends.users.get('viewer');
    if (user === undefined) throw new Error('no viewer');
    gateway.backends.users.set('viewer', { ...user, roles: ['clinician'] });
    try {
      const second = (await (await post('/auth/refresh', { refresh_token: first.refresh_token })).json()) as Tokens;
      expect(second.user).toMatchObject({ roles: ['clinician'] });
      expect(second.refresh_token).not.toBe(first.refresh_token);
      expect((await me(second.access_token)).status).toBe(200);
    } finally {
      gateway.backends.users.set('viewer', user);
    }
  });

  it('ends when a refresh token is used twice', async () => {
    const first = await login();
    const second = (await (await post('/auth/refresh', { refresh_token: first.refresh_token })).json()) as Tokens;
    expect((await post('/auth/refresh', { refresh_token: first.refresh_token })).status).toBe(401);
    expect((await me(second.access_token)).status).toBe(401);
  });

  it('of a disabled user cannot be refreshed', async () => {
    const tokens = await login('technician');
    const user = gateway.backends.users.get('technician');
    if (user === undefined) throw new Error('no technician');
    gateway.backends.users.set('technician', { ...user, disabled: true });
    try {
      expect((await post('/auth/refresh', { refresh_token: tokens.refresh_token })).status).toBe(401);
    } finally {
      gateway.backends.users.set('technician', user);
    }
  });

  it('is listed, and can be ended by its owner only', async () => {
    const [mine, other] = [await login('clinician'), await login('admin')];
    const bearer = `Bearer ${mine.access_token}`;
    const list = (await (
      await fetch(`${gateway.url}/auth/sessions`, { headers: { authorization: bearer } })
    ).json()) as {
      sessions?: { session_id: string }[];
      items?: { session_id: string }[];
    };
    const [session] = list.sessions ?? list.items ?? [];
    const path = `${gateway.url}/auth/sessions/${session?.session_id ?? ''}`;
    const foreign = await fetch(path, { method: 'DELETE', headers: { authorization: `Bearer ${other.access_token}` } });
    expect(await codeOf(foreign)).toEqual([404, 'session_not_found']);
    expect((await fetch(path, { method: 'DELETE', headers: { authorization: bearer } })).status).toBe(204);
    expect((await me(mine.access_token)).status).toBe(401);
  });
});

describe('a login', () => {
  it('with a wrong password and one of an unknown user are refused alike', async () => {
    const answers = await Promise.all(
      [
        { username: 'admin', password: 'wrong' },
        { username: 'nobody', password: 'wrong' },
      ].map(async (body) => codeOf(await post('/auth/login', body))),
    );
    expect(answers).toEqual([
      [401, 'invalid_credentials'],
      [401, 'invalid_credentials'],
    ]);
  });
});

const ROUTES = [
  ['POST', '/api/v1/ingestion/upload'],
  ['GET', '/api/v1/ingestion/upload/u1'],
  ['POST', '/api/v1/qc/analyze'],
  ['GET', '/api/v1/qc/results/q1'],
  ['GET', '/api/v1/pipelines'],
  ['POST', '/api/v1/pipelines/p1/configurations'],
  ['POST', '/api/v1/execution/jobs'],
  ['GET', '/api/v1/execution/jobs/j1'],
  ['GET', '/api/v1/results/j1'],
  ['POST', '/api/v1/results/j1/download-links'],
  ['GET', '/api/v1/monitoring/metrics'],
] as const;
describe('every route', () => {
  it.each(ROUTES)('%s %s refuses a caller without a token before anything else', async (method, path) => {
    gateway.backends.seen.splice(0);
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      ...(method === 'POST' ? { body: 'no json' } : {}),
    });
    expect(await codeOf(response)).toEqual([401, 'unauthenticated']);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(gateway.backends.calls).toEqual([]);
  });
});
