import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { sendRaw } from '../support/raw-http.js';
import { ReplacedKeysFile } from '../support/replaced-keys-file.js';
import type { SeenRequest } from '../support/scripted-backends.js';
import { testKey } from '../support/token-builders.js';

const OPEN = { RATE_LIMIT_PER_MINUTE: '100000', RATE_LIMIT_BURST: '100000', RESPONSE_CACHE_TTL_MS: '0' };
const OWN = ['x-genoflow-identity', 'x-user-id', 'x-user-roles', 'x-session-id'];
const FORGED = 'forged';

const canonical = (name: string): string => name.toLowerCase().replaceAll('_', '-');
const spellings = (name: string): string[] => [
  name,
  name.toUpperCase(),
  name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()),
  name.replaceAll('-', '_'),
  name.replace('-', '_').toUpperCase(),
  `x_${name.slice(2)}`,
];

interface Kind {
  readonly name: string;
  readonly line: string;
  /** False for who comes without a token of access. */
  readonly signedIn: boolean;
  readonly fields: readonly string[];
  /** Sent in chunks. */
  readonly body?: string;
}
const JSON_TYPE = 'Content-Type: application/json';
const kind = (name: string, line: string, fields: readonly string[] = [], body?: string, signedIn = true): Kind => ({
  name,
  line,
  fields,
  signedIn,
  ...(body === undefined ? {} : { body }),
});
const KINDS: readonly Kind[] = [
  kind('a read', 'GET /api/v1/execution/jobs/job_1'),
  kind('the catalogue', 'GET /api/v1/pipelines'),
  kind('a JSON body', 'POST /api/v1/execution/jobs', [JSON_TYPE], '{"sample_id":"S1","pipeline_id":"p1"}'),
  kind('a streamed upload', 'POST /api/v1/ingestion/upload', ['Content-Type: application/octet-stream'], 'ACGT'),
  kind(
    'a piece of a resumable upload',
    'PATCH /api/v1/ingestion/upload/upl_1',
    ['Content-Type: application/offset+octet-stream', 'Tus-Resumable: 1.0.0', 'Upload-Offset: 0'],
    'ACGT',
  ),
  kind('the state of a resumable upload', 'HEAD /api/v1/ingestion/upload/upl_1', ['Tus-Resumable: 1.0.0']),
  kind('the end of a resumable upload', 'DELETE /api/v1/ingestion/upload/upl_1', ['Tus-Resumable: 1.0.0']),
  kind('an event stream', 'GET /api/v1/execution/jobs/job_1/events', ['Accept: text/event-stream']),
  kind('a download by a signed link', 'GET /api/v1/results/download/abc.def', ['Range: bytes=0-3'], undefined, false),
];

interface Attack {
  readonly name: string;
  readonly fields: readonly string[];
  readonly trailers?: readonly string[];
}
const ATTACKS: readonly Attack[] = [
  { name: 'forges every field in every spelling', fields: OWN.flatMap(spellings).map((name) => `${name}: ${FORGED}`) },
  { name: 'forges every field twice', fields: [...OWN, ...OWN].map((name) => `${name}: ${FORGED}`) },
  {
    name: 'nominates every field in Connection',
    fields: [`Connection: ${OWN.flatMap(spellings).join(', ')}`, ...OWN.map((name) => `${name}: ${FORGED}`)],
  },
  { name: 'announces every field in Trailer', fields: [`Trailer: ${OWN.join(', ')}`] },
  {
    name: 'forges every field in trailers',
    fields: [`Trailer: ${OWN.join(', ')}`, 'TE: trailers'],
    trailers: OWN.flatMap(spellings).map((name) => `${name}: ${FORGED}`),
  },
];
const CASES = KINDS.flatMap((route) =>
  ATTACKS.filter(({ trailers }) => trailers === undefined || route.body !== undefined).map(
    (attack) => [route.name, attack.name, route, attack] as const,
  ),
);

describe('what a client sends', () => {
  const key = testKey('2026-ec', 'ES256');
  const file = new ReplacedKeysFile();
  let gateway: BootedGateway;
  let bearer: string;

  beforeAll(async () => {
    file.replace(key);
    gateway = await bootGateway({ ...OPEN, JWT_KEYS_FILE: file.path });
    bearer = (await gateway.login('analyst')).authorization;
  });
  afterAll(async () => {
    await gateway.close();
    file.remove();
  });
  beforeEach(() => gateway.backends.seen.splice(0));

  async function send({ line, fields, body, signedIn }: Kind, attack: Attack): Promise<string> {
    const framing = body === undefined ? [] : ['Transfer-Encoding: chunked'];
    const access = signedIn ? [`Authorization: ${bearer}`] : [];
    const head = [`${line} HTTP/1.1`, 'Host: lab', 'Connection: close', ...access, ...fields, ...framing];
    const chunks =
      body === undefined
        ? ''
        : [`${body.length.toString(16)}`, body, '0', ...(attack.trailers ?? []), '', ''].join('\r\n');
    return sendRaw(gateway.port, [...head, ...attack.fields, '', chunks].join('\r\n'));
  }

  const ownFields = ({ fields }: SeenRequest): [string, string][] =>
    fields
      .flatMap((name, index): [string, string][] => (index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : []))
      .filter(([name]) => OWN.includes(canonical(name)));

  async function verified(token: string): Promise<JWTPayload> {
    const keySet = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(token, keySet, {
      algorithms: ['ES256'],
      issuer: 'genoflow-gateway',
      audience: 'genoflow-backends',
      typ: 'genoflow-identity+jwt',
    });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'genoflow-identity+jwt', kid: '2026-ec' });
    expect((payload.exp ?? Infinity) - (payload.iat ?? 0)).toBeLessThanOrEqual(60);
    return payload;
  }

  it.each(CASES)('with %s that %s changes nothing of who calls', async (_route, _attack, route, attack) => {
    expect(await send(route, attack)).toMatch(/^HTTP\/1\.1 200 /);
    const calls = gateway.backends.calls.filter(({ headers }) => headers['x-user-id'] !== 'gateway');
    expect(calls).toHaveLength(1);
    const [call] = calls;
    if (call === undefined) throw new Error('the backend was not called');
    expect([call.method, call.body.toString()]).toEqual([route.line.split(' ')[0], route.body ?? '']);
    expect(JSON.stringify([call.fields, call.trailers])).not.toContain(FORGED);
    expect(call.trailers).toEqual([]);
    const own = ownFields(call);
    expect(own.map(([name]) => name).sort()).toEqual([...OWN].sort());
    const sent = Object.fromEntries(own);
    const { sub, sid, roles, kind: who } = await verified(sent['x-genoflow-identity'] ?? '');
    const userId = route.signedIn ? 'usr_analyst' : 'anonymous';
    expect({ sub, roles, who }).toEqual({ sub: userId, roles: route.signedIn ? ['analyst'] : [], who: 'user' });
    expect(String(sid)).toMatch(route.signedIn ? /^ses_/ : /^$/);
    expect(sent).toMatchObject({
      'x-user-id': userId,
      'x-user-roles': route.signedIn ? 'analyst' : '',
      'x-session-id': sid,
    });
  });

  it('to log in reaches the auth service in the name of the gateway', async () => {
    const body = '{"username":"viewer","password":"a-good-password"}';
    const route = kind('a login', 'POST /auth/login', [JSON_TYPE], body, false);
    for (const attack of ATTACKS) {
      gateway.backends.seen.splice(0);
      expect(await send(route, attack)).toMatch(/^HTTP\/1\.1 200 /);
      const [call] = gateway.backends.seen.filter(({ url }) => url === '/login');
      if (call === undefined) throw new Error('the auth service was not called');
      const own = Object.fromEntries(ownFields(call));
      expect(ownFields(call)).toHaveLength(OWN.length);
      expect(await verified(own['x-genoflow-identity'] ?? '')).toMatchObject({ sub: 'gateway', kind: 'gateway' });
    }
  });
});
