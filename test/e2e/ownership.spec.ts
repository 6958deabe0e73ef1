import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import type { ScriptedUser } from '../support/scripted-backends.js';

let gateway: BootedGateway;
const bearers = new Map<string, string>();

const user = (username: string, role: string, projects?: string[]): ScriptedUser => ({
  id: `usr_${username}`,
  username,
  display_name: username,
  roles: [role],
  disabled: false,
  ...(projects === undefined ? {} : { projects }),
});

const USERS = [
  user('tess', 'technician', ['p1']),
  user('tom', 'technician'),
  user('ann', 'analyst', ['p1', 'p2']),
  user('abe', 'analyst', ['p2']),
  user('val', 'viewer', ['p1']),
  user('none', 'analyst', []),
  user('root', 'admin'),
];

/** What the services keep, by the ids that a request may name. */
const KEPT: Readonly<Record<string, { owner: string; project_id?: string }>> = {
  of_tess_in_p1: { owner: 'usr_tess', project_id: 'p1' },
  of_tess_in_p2: { owner: 'usr_tess', project_id: 'p2' },
  of_ann_in_p1: { owner: 'usr_ann', project_id: 'p1' },
  of_tom: { owner: 'usr_tom' },
};

beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST: '1000000' });
  for (const one of USERS) {
    gateway.backends.users.set(one.username, one);
    bearers.set(one.username, (await gateway.login(one.username)).authorization);
  }
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.backends.seen.splice(0);
  gateway.backends.handle = (request, response) => {
    const kept = KEPT[/^\/(?:upload|results|jobs)\/(\w+)/.exec(request.url ?? '')?.[1] ?? ''];
    const isLookUp = request.method === 'GET' && /^\/(upload|results|jobs)\/\w+$/.test(request.url ?? '');
    const status = isLookUp && kept === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': status === 404 ? 'application/problem+json' : 'application/json' });
    response.end(JSON.stringify(status === 404 ? { code: 'job_not_found', status } : (kept ?? { made: true })));
  };
});

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
}

async function ask(username: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: {
      authorization: bearers.get(username) ?? '',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, code: text === '' ? undefined : (JSON.parse(text) as { code?: string }).code };
}

/** Calls made for the client itself, as opposed to the gateway's own questions. */
const forwarded = () => gateway.backends.calls.filter(({ headers }) => headers['x-user-id'] !== 'gateway');

const BY_PATH = [
  ['GET', '/api/v1/execution/jobs/ID'],
  ['POST', '/api/v1/execution/jobs/ID/cancel'],
  ['GET', '/api/v1/execution/jobs/ID/logs'],
  ['GET', '/api/v1/execution/jobs/ID/events'],
  ['GET', '/api/v1/ingestion/upload/ID'],
  ['PATCH', '/api/v1/ingestion/upload/ID'],
  ['DELETE', '/api/v1/ingestion/upload/ID'],
  ['GET', '/api/v1/qc/results/ID'],
  ['GET', '/api/v1/results/ID'],
  ['POST', '/api/v1/results/ID/download-links'],
] as const;
/** Who sees what: owner for technicians, project for everybody. */
const SIGHT = [
  ['tess', 'of_tess_in_p1', true],
  ['tess', 'of_tess_in_p2', false],
  ['tess', 'of_ann_in_p1', false],
  ['tess', 'of_tom', false],
  ['tom', 'of_tom', true],
  ['tom', 'of_ann_in_p1', false],
  ['ann', 'of_tess_in_p1', true],
  ['ann', 'of_tess_in_p2', true],
  ['ann', 'of_tom', false],
  ['abe', 'of_ann_in_p1', false],
  ['abe', 'of_tess_in_p2', true],
  ['none', 'of_tess_in_p1', false],
  ['root', 'of_tess_in_p2', true],
  ['root', 'of_tom', true],
] as const;

describe('what a path names', () => {
  const MAY_NOT: Readonly<Record<string, RegExp>> = { tess: /results/, tom: /results/ };

  it.each(SIGHT)('%s, %s: seen %s, on every route', async (username, id, isSeen) => {
    for (const [method, template] of BY_PATH) {
      if (MAY_NOT[username]?.test(template) === true && template.startsWith('/api/v1/results')) continue;
      gateway.backends.seen.splice(0);
      const answer = await ask(username, method, template.replace('ID', id));
      expect([method, template, answer]).toEqual([
        method,
        template,
        isSeen ? { status: 200, code: undefined } : { status: 404, code: 'resource_not_found' },
      ]);
      expect([template, forwarded().length]).toEqual([template, isSeen ? 1 : 0]);
    }
  });

  it('and never was is told of like what is somebody else’s', async () => {
    const [unknown, foreign] = [
      await ask('tess', 'GET', '/api/v1/execution/jobs/of_nobody'),
      await ask('tess', 'GET', '/api/v1/execution/jobs/of_ann_in_p1'),
    ];
    expect(unknown).toEqual(foreign);
  });

  it('is asked about once, by the gateway for itself, and not at all for who may see everything', async () => {
    await ask('val', 'GET', '/api/v1/execution/jobs/of_ann_in_p1');
    gateway.backends.seen.splice(0);
    await ask('val', 'GET', '/api/v1/execution/jobs/of_ann_in_p1');
    await ask('root', 'GET', '/api/v1/execution/jobs/of_ann_in_p1');
    expect(gateway.backends.calls.map(({ headers }) => headers['x-user-id'])).toEqual(['usr_val', 'usr_root']);
  });

  it('is refused while its service cannot say whose it is', async () => {
    gateway.backends.handle = (_request, response) => response.writeHead(500).end();
    expect((await ask('val', 'GET', '/api/v1/execution/jobs/of_somebody_else')).status).toBeGreaterThanOrEqual(500);
    gateway.backends.handle = (_request, response) => response.writeHead(200).end('{"owner":7}');
    expect(await ask('val', 'GET', '/api/v1/execution/jobs/of_somebody_else')).toEqual({
      status: 502,
      code: 'upstream_bad_response',
    });
  });
});

describe('what a body or a query names', () => {
  const job = (inputs: unknown) => ({ pipeline_id: 'p', sample_id: 'S1', inputs });

  it.each([
    ['tess', '/api/v1/execution/jobs', job({ reads_1: 'of_tess_in_p1' }), 200],
    ['tess', '/api/v1/execution/jobs', job({ reads_1: 'of_tess_in_p1', reads_2: 'of_ann_in_p1' }), 404],
    ['tess', '/api/v1/execution/jobs', job({ reference: 'of_nobody' }), 404],
    ['ann', '/api/v1/execution/jobs', job({ reads_1: 'of_tess_in_p1', reads_2: 'of_ann_in_p1' }), 200],
    ['ann', '/api/v1/execution/jobs', job({ reads_1: 'of_tom' }), 404],
    ['tess', '/api/v1/qc/analyze', { sample_id: 'S1', upload_id: 'of_tess_in_p1' }, 200],
    ['tess', '/api/v1/qc/analyze', { sample_id: 'S1', upload_id: 'of_ann_in_p1' }, 404],
    ['ann', '/api/v1/qc/analyze', { sample_id: 'S1', upload_id: 'of_ann_in_p1', mate_upload_id: 'of_tom' }, 404],
    ['tess', '/api/v1/ingestion/upload?mate_of=of_ann_in_p1', undefined, 404],
    ['tess', '/api/v1/ingestion/upload?mate_of=of_tess_in_p1', undefined, 200],
  ])('%s to %s with %j is %d', async (username, path, body, status) => {
    expect((await ask(username, 'POST', path, body)).status).toBe(status);
    expect(forwarded()).toHaveLength(status === 200 ? 1 : 0);
  });

  it.each([
    ['ann', 'p2', 200],
    ['ann', 'p3', 403],
    ['ann', '*', 403],
    ['none', 'p1', 403],
    ['root', 'p3', 200],
  ])('%s may make a job in project %s: %d', async (username, project, status) => {
    const body = { pipeline_id: 'p', sample_id: 'S1', project_id: project };
    expect((await ask(username, 'POST', '/api/v1/execution/jobs', body)).status).toBe(status);
    const upload = await ask(username, 'POST', `/api/v1/ingestion/upload?project_id=${project}`);
    expect(upload.status).toBe(status);
  });
});

describe('the projects of a user', () => {
  it('are told to the services, signed, and to the user', async () => {
    await ask('ann', 'GET', '/api/v1/execution/jobs');
    const token = String(forwarded()[0]?.headers['x-genoflow-identity']);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ sub: 'usr_ann', projects: ['p1', 'p2'] });
    const me = await fetch(`${gateway.url}/auth/me`, { headers: { authorization: bearers.get('ann') ?? '' } });
    expect(await me.json()).toMatchObject({ projects: ['p1', 'p2'] });
  });
});
