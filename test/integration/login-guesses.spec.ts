import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';

const WHAT = 'guesses at passwords over two gateways and one Redis';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

(hasRedisServer(WHAT) ? describe : describe.skip)(WHAT, () => {
  let redis: PrivateRedis;
  let gateways: [BootedGateway, BootedGateway];
  let addresses = 0;
  let address: string;

  beforeAll(async () => {
    redis = await startPrivateRedis();
    const environment = {
      REDIS_URL: redis.url,
      JWT_SECRET: 'kP3vX9qT7mB2nR8wL5yF1cH6jD4gS0aZ',
      TRUST_PROXY: 'loopback',
    };
    gateways = [await bootGateway(environment), await bootGateway(environment)];
    for (const { backends } of gateways) {
      backends.loginMs = 50;
      for (let index = 0; index < 120; index += 1) {
        const username = `person-${index}`;
        backends.users.set(username, {
          ...{ id: `usr_${username}`, username, display_name: username },
          ...{ roles: ['viewer'], disabled: false },
        });
      }
    }
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await redis.close();
  });
  beforeEach(() => {
    address = `198.51.100.${++addresses}`;
  });

  async function logIn(number: number, username: string, password: string, from = address): Promise<Answer> {
    const response = await fetch(`${gateways[number % 2 === 0 ? 0 : 1].url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': from },
      body: JSON.stringify({ username, password }),
    });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  }
  const many = (count: number, username: (index: number) => string, password: string): Promise<Answer[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => logIn(index, username(index), password)));
  const count = (answers: readonly Answer[], status: number): number =>
    answers.filter((answer) => answer.status === status).length;
  /** How often the auth services were asked about a name. */
  const checksOf = (username: string): number =>
    gateways
      .flatMap(({ backends }) => backends.seen)
      .filter(
        ({ url, body }) =>
          url === '/login' && (JSON.parse(body.toString()) as { username: string }).username === username,
      ).length;

  it.each(['person-0', 'nobody'])(
    'has ten of sixty for %s checked that come at once, and locks for a while',
    async (name) => {
      const answers = await many(60, () => name, 'wrong');
      expect(checksOf(name)).toBe(10);
      expect([count(answers, 401), count(answers, 429)]).toEqual([10, 50]);
      for (const { status, headers, body } of answers.filter((answer) => answer.status === 429)) {
        expect([status, body['code']]).toEqual([429, 'rate_limited']);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(800);
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(900);
      }
      // Right or wrong, from wherever, in whatever spelling.
      const after = await logIn(1, name.toUpperCase(), 'a-good-password', '203.0.113.9');
      expect([after.status, checksOf(name.toUpperCase())]).toEqual([429, 0]);
    },
  );

  it('lets sixteen right logins of one user in that come at once, after nine wrong ones', async () => {
    expect(count(await many(9, () => 'person-1', 'wrong'), 401)).toBe(9);
    const answers = await many(16, () => 'person-1', 'a-good-password');
    expect(count(answers, 200)).toBe(16);
    expect(count(await many(9, () => 'person-1', 'wrong'), 401)).toBe(9);
  });

  it('lets a hundred people behind one address log in at once', async () => {
    const answers = await many(100, (index) => `person-${index + 20}`, 'a-good-password');
    expect(count(answers, 200)).toBe(100);
  });

  it('has sixty wrong passwords a minute from one address checked, and others go on', async () => {
    const answers = await many(80, (index) => `made-up-${index}`, 'wrong');
    expect([count(answers, 401), count(answers, 429)]).toEqual([60, 20]);
    const seconds = answers.flatMap(({ headers }) => headers.get('retry-after') ?? []).map(Number);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(60);
    expect(Math.min(...seconds)).toBeGreaterThan(0);
    expect((await logIn(0, 'person-2', 'a-good-password')).status).toBe(429);
    expect((await logIn(0, 'person-2', 'a-good-password', '203.0.113.10')).status).toBe(200);
  });

  it('answers an unknown name exactly as a wrong password', async () => {
    const wrong = await logIn(0, 'person-3', 'wrong');
    const unknown = await logIn(0, 'nobody-at-all', 'wrong', '203.0.113.11');
    expect(unknown.status).toBe(401);
    expect(unknown.status).toBe(wrong.status);
    const bare = ({ headers }: Answer) =>
      [...headers].filter(([name]) => !['date', 'x-request-id', 'ratelimit'].includes(name));
    expect(bare(unknown)).toEqual(bare(wrong));
    const withoutIds = ({ body }: Answer) => ({ ...body, request_id: '', instance: '' });
    expect(withoutIds(unknown)).toEqual(withoutIds(wrong));
    expect(Object.keys(unknown.body)).toEqual(Object.keys(wrong.body));
  });

  it('asks nobody about a password while Redis is away, and says so', async () => {
    redis.freeze();
    const answer = await logIn(0, 'person-4', 'a-good-password');
    expect([answer.status, answer.body['code'], checksOf('person-4')]).toEqual([503, 'state_unavailable', 0]);
    redis.thaw();
    await eventually(async () => ((await logIn(0, 'person-4', 'a-good-password')).status === 200 ? true : undefined));
  });
});
