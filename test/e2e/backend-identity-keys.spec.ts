import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Router } from 'express';
import { decodeJwt, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import type { BackendDefinition } from '../../src/backends/service/backend-service.js';
import { identityOf, requirePlatform } from '../../src/backends/service/identity.js';
import { runService, TEST_IDENTITY_SECRET, type TestService } from '../../src/backends/service/testing/run-service.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { BuiltGateway, eventually } from '../support/built-gateway.js';
import { runExample, succeeded } from '../support/main-job.js';
import { hasRedisServer, startPrivateRedis, type PrivateRedis } from '../support/private-redis.js';
import { ReplacedKeysFile } from '../support/replaced-keys-file.js';
import { byHmac, byKey, jws, testKey } from '../support/token-builders.js';

const OPEN = { RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000', RESPONSE_CACHE_TTL_MS: '0' };
const file = new ReplacedKeysFile();
afterAll(() => {
  file.remove();
});

/** Answers who calls; /internal is for the platform. */
const definition: BackendDefinition = {
  name: 'execution',
  migrations: [],
  create: () => {
    const router = Router();
    router.get('/internal', (request, response) => {
      requirePlatform(identityOf(request));
      response.json({});
    });
    router.use((request, response) => {
      response.json(identityOf(request));
    });
    return Promise.resolve({ router, stop: () => Promise.resolve() });
  },
};

describe('a reference backend that knows the gateway by its keys', () => {
  const [first, second] = [testKey('first', 'ES256'), testKey('second', 'RS256')];
  let service: TestService;
  let gateway: BootedGateway;
  /** Between the service and the gateway: the way there can be cut. */
  let way: Server;
  let isOpen = false;
  let asked = 0;

  beforeAll(async () => {
    file.replace(first);
    way = createServer((request, response) => {
      asked += 1;
      if (!isOpen) request.socket.destroy();
      else
        void fetch(`${gateway.url}${request.url ?? ''}`)
          .then((answer) => answer.text())
          .then((text) => response.end(text));
    });
    await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', resolve));
    const gatewayJwksUrl = `http://127.0.0.1:${(way.address() as AddressInfo).port}/.well-known/jwks.json`;
    // Before the gateway: its keys are asked for when there is a token.
    service = await runService(definition, { settings: { gatewayJwksUrl } });
    gateway = await bootGateway({
      ...OPEN,
      JWT_KEYS_FILE: file.path,
      // As alike as they can be set: the type is all that is left to tell the two kinds of token apart.
      JWT_ISSUER: 'genoflow-gateway',
      JWT_AUDIENCE: 'genoflow-backends',
      IDENTITY_SECRET: TEST_IDENTITY_SECRET,
      EXECUTION_SERVICE_URL: service.url,
    });
  });
  afterAll(async () => {
    await gateway.close();
    await service.close();
    way.closeAllConnections();
    way.close();
  });

  const JOBS = '/api/v1/execution/jobs';
  async function answerTo(authorization: string): Promise<[number, Record<string, unknown>]> {
    const response = await fetch(`${gateway.url}${JOBS}`, { headers: { authorization } });
    return [response.status, (await response.json()) as Record<string, unknown>];
  }
  async function byItself(token: string, path = '/jobs'): Promise<[number, unknown]> {
    const response = await fetch(`${service.url}${path}`, { headers: { 'x-genoflow-identity': token } });
    return [response.status, ((await response.json()) as { code?: unknown }).code];
  }
  const REFUSED = [401, 'identity_invalid'];
  const life = (): { iat: number; exp: number } => {
    const iat = Math.floor(Date.now() / 1000);
    return { iat, exp: iat + 60 };
  };
  const HEADER = { alg: 'ES256', typ: 'genoflow-identity+jwt', kid: 'first' };
  const USER = {
    ...{ iss: 'genoflow-gateway', aud: 'genoflow-backends', sub: 'usr_x', kind: 'user', name: 'x', sid: 's' },
    ...{ roles: ['admin', 'service'], projects: ['*'] },
  };

  it('refuses nobody for good while it cannot ask the gateway, and lets in nobody either', async () => {
    const robot = { id: 'usr_robot', username: 'robot', display_name: 'r', roles: ['service', 'viewer'] };
    gateway.backends.users.set('robot', { ...robot, disabled: false });
    const { authorization } = await gateway.login('robot');
    expect(await answerTo(authorization)).toMatchObject([503, { code: 'gateway_keys_unavailable' }]);
    expect(asked).toBeGreaterThan(0);
    isOpen = true;
    const [, identity] = await eventually(async () => {
      const answer = await answerTo(authorization);
      return answer[0] === 200 ? answer : undefined;
    }, 20_000);
    expect(identity).toMatchObject({
      kind: 'user',
      userId: 'usr_robot',
      roles: ['service', 'viewer'],
      projects: ['*'],
    });
  }, 40_000);

  it('goes on while the gateway’s keys cannot be read again', async () => {
    isOpen = false;
    const { authorization } = await gateway.login('viewer');
    expect((await answerTo(authorization))[0]).toBe(200);
    isOpen = true;
  });

  it('keeps its internal routes from a user of the role `service`', async () => {
    const token = jws(HEADER, { ...USER, ...life() }, byKey(first.privateKey));
    expect(await byItself(token)).toEqual([200, undefined]);
    expect(await byItself(token, '/internal')).toEqual([403, 'forbidden']);
    const own = jws(HEADER, { ...USER, ...life(), kind: 'gateway' }, byKey(first.privateKey));
    expect(await byItself(own, '/internal')).toEqual([200, undefined]);
  });

  it('takes no access token and no refresh token for an identity', async () => {
    const response = await fetch(`${gateway.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"username":"admin","password":"a-good-password"}',
    });
    const tokens = (await response.json()) as { access_token: string; refresh_token: string };
    expect(decodeJwt(tokens.access_token)).toMatchObject({ iss: 'genoflow-gateway', aud: 'genoflow-backends' });
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ kid: 'first' });
    expect(await byItself(tokens.access_token)).toEqual(REFUSED);
    expect(await byItself(tokens.refresh_token)).toEqual(REFUSED);
    const lookalike = jws({ ...HEADER, typ: 'at+jwt' }, { ...USER, ...life() }, byKey(first.privateKey));
    expect(await byItself(lookalike)).toEqual(REFUSED);
  });

  it('is given identities that are no access tokens', async () => {
    const { authorization } = await gateway.login('admin');
    gateway.backends.seen.splice(0);
    await fetch(`${gateway.url}/api/v1/pipelines`, { headers: { authorization } });
    const token = String(gateway.backends.calls[0]?.headers['x-genoflow-identity']);
    expect(await byItself(token)).toEqual([200, undefined]);
    expect(await answerTo(`Bearer ${token}`)).toMatchObject([401, { code: 'invalid_token' }]);
    const { sub, sid, roles, name, iss, aud, iat, exp } = decodeJwt(token);
    const claims = { sub, sid, roles, name, iss, aud, iat, exp, jti: 'x' };
    const lookalike = (typ: string): string => jws({ ...HEADER, typ }, claims, byKey(first.privateKey));
    expect((await answerTo(`Bearer ${lookalike('genoflow-identity+jwt')}`))[0]).toBe(401);
    expect((await answerTo(`Bearer ${lookalike('at+jwt')}`))[0]).toBe(200);
  });

  it('takes the gateway’s word from nobody who holds the shared secret', async () => {
    const header = { alg: 'HS256', typ: HEADER.typ };
    const bySecret = (claims: object): string =>
      jws(header, { ...USER, ...life(), ...claims }, byHmac(TEST_IDENTITY_SECRET));
    expect(await byItself(bySecret({}))).toEqual(REFUSED);
    expect(await byItself(bySecret({ kind: 'gateway' }))).toEqual(REFUSED);
    expect(await byItself(bySecret({ iss: 'genoflow-peer', kind: 'gateway' }))).toEqual(REFUSED);
    expect(await byItself(bySecret({ iss: 'genoflow-peer', kind: 'peer' }), '/internal')).toEqual([200, undefined]);
  });

  it('follows the keys: the next is known at once, and nothing more is sent that the former signed', async () => {
    const { authorization } = await gateway.login('viewer');
    const headerSent = async (): Promise<ProtectedHeaderParameters> => {
      gateway.backends.seen.splice(0);
      await fetch(`${gateway.url}/api/v1/pipelines`, { headers: { authorization } });
      return decodeProtectedHeader(String(gateway.backends.calls[0]?.headers['x-genoflow-identity']));
    };
    expect(await answerTo(authorization)).toMatchObject([200, { userId: 'usr_viewer' }]);
    expect(await headerSent()).toMatchObject({ alg: 'ES256', kid: 'first' });
    file.replace(second, first);
    // The identity of the session is younger than the 30 s for which it is used again.
    const next = await eventually(async () => {
      const header = await headerSent();
      return header.kid === 'second' ? header : undefined;
    }, 20_000);
    expect(next).toEqual({ alg: 'RS256', kid: 'second', typ: 'genoflow-identity+jwt' });
    expect(await answerTo(authorization)).toMatchObject([200, { userId: 'usr_viewer' }]);
  }, 60_000);
});

/** The built gateway with its embedded backends, in one process and in two. */
const WAYS: [string, NodeJS.ProcessEnv][] = [['in one process', {}]];
if (hasRedisServer('the embedded backends’ keys under worker processes'))
  WAYS.push(['in two processes', { WEB_CONCURRENCY: '2' }]);

describe.each(WAYS)('the embedded backends, with a gateway %s', (_name, environment) => {
  const keys = [testKey('k1', 'ES256'), testKey('k2', 'EdDSA'), testKey('k3', 'RS256')] as const;
  let redis: PrivateRedis | undefined;
  let gateway: BuiltGateway;

  beforeAll(async () => {
    file.replace(keys[0]);
    redis = 'WEB_CONCURRENCY' in environment ? await startPrivateRedis() : undefined;
    const shared = redis === undefined ? {} : { REDIS_URL: redis.url };
    // What is set for backends elsewhere is nothing to the embedded ones.
    const stray = { GATEWAY_JWKS_URL: 'http://127.0.0.1:9/' };
    gateway = await new BuiltGateway({
      ...OPEN,
      ...environment,
      ...shared,
      ...stray,
      JWT_KEYS_FILE: file.path,
    }).start();
  }, 90_000);
  afterAll(async () => {
    await gateway.close();
    await redis?.close();
  });

  const kids = async (): Promise<string> => {
    const response = await fetch(`${gateway.url}/.well-known/jwks.json`, { headers: { connection: 'close' } });
    return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid).join();
  };
  const jobs = async (headers: Record<string, string>): Promise<number> => {
    const response = await fetch(`${gateway.url}/api/v1/execution/jobs`, {
      headers: { ...headers, connection: 'close' },
    });
    await response.arrayBuffer();
    return response.status;
  };

  it('do the main job for an identity that a key has signed, the services among themselves too', async () => {
    expect(succeeded(await runExample(gateway.url))).toBe('succeeded');
  }, 120_000);

  it('know the next key without a setting and without a restart, whoever of the gateway has read it first', async () => {
    const headers = await gateway.login();
    file.replace(keys[1], keys[0]);
    await eventually(async () => ((await kids()) === 'k2,k1' ? true : undefined), 20_000);
    for (let call = 0; call < 20; call += 1) expect(await jobs(headers)).toBe(200);
    file.replace(keys[2], keys[1], keys[0]);
    for (let call = 0; call < 30; call += 1) {
      expect(await jobs(headers)).toBe(200);
      await sleep(100);
    }
    await eventually(async () => ((await kids()) === 'k3,k2,k1' ? true : undefined), 20_000);
    expect(await jobs(headers)).toBe(200);
  }, 60_000);
});
