import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';

const ROLES = ['admin', 'analyst', 'technician', 'clinician', 'viewer', 'service', 'stranger'] as const;
type RoleName = (typeof ROLES)[number];

const ALL: readonly RoleName[] = ROLES;
const LAB: readonly RoleName[] = ['admin', 'analyst', 'technician'];
const READERS: readonly RoleName[] = [...LAB, 'viewer'];
const SCIENTISTS: readonly RoleName[] = ['admin', 'analyst'];
const ADMIN: readonly RoleName[] = ['admin'];

/** Who may call what, written down once more, apart from the policy; a route that is missing here fails the test. */
const MATRIX: Readonly<Record<string, readonly RoleName[] | 'anybody'>> = {
  'GET /.well-known/jwks.json': 'anybody',
  'POST /auth/login': 'anybody',
  'POST /auth/refresh': 'anybody',
  'POST /auth/logout': ALL,
  'GET /auth/me': ALL,
  'GET /auth/sessions': ALL,
  'DELETE /auth/sessions/{session_id}': ALL,
  'DELETE /auth/sessions': ALL,
  'GET /auth/users/{user_id}/sessions': ADMIN,
  'DELETE /auth/users/{user_id}/sessions': ADMIN,
  'DELETE /auth/users/{user_id}/sessions/{session_id}': ADMIN,
  'POST /auth/api-keys': ADMIN,
  'GET /auth/api-keys': ADMIN,
  'DELETE /auth/api-keys/{key_id}': ADMIN,
  'POST /api/v1/ingestion/upload': LAB,
  'HEAD /api/v1/ingestion/upload/{upload_id}': LAB,
  'GET /api/v1/ingestion/upload/{upload_id}': READERS,
  'PATCH /api/v1/ingestion/upload/{upload_id}': LAB,
  'DELETE /api/v1/ingestion/upload/{upload_id}': LAB,
  'POST /api/v1/qc/analyze': LAB,
  'GET /api/v1/qc/results/{qc_job_id}': [...READERS, 'clinician'],
  'GET /api/v1/pipelines': READERS,
  'GET /api/v1/pipelines/{pipeline_id}': READERS,
  'POST /api/v1/pipelines/{pipeline_id}/configurations': SCIENTISTS,
  'GET /api/v1/pipelines/{pipeline_id}/configurations': READERS,
  'POST /api/v1/execution/jobs': LAB,
  'GET /api/v1/execution/jobs': READERS,
  'GET /api/v1/execution/jobs/{job_id}': READERS,
  'POST /api/v1/execution/jobs/{job_id}/cancel': LAB,
  'GET /api/v1/execution/jobs/{job_id}/logs': READERS,
  'GET /api/v1/execution/jobs/{job_id}/events': READERS,
  'GET /api/v1/results/download/{token}': 'anybody',
  'GET /api/v1/results/{job_id}': [...SCIENTISTS, 'clinician', 'viewer'],
  'POST /api/v1/results/{job_id}/download-links': [...SCIENTISTS, 'clinician'],
  'GET /api/v1/monitoring/metrics': [...SCIENTISTS, 'viewer'],
  'GET /health': 'anybody',
  'GET /health/live': 'anybody',
  'GET /health/ready': 'anybody',
  'GET /metrics': 'anybody',
};
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

let gateway: BootedGateway;
const bearers = new Map<string, string>();

beforeAll(async () => {
  gateway = await bootGateway({
    RATE_LIMIT_PER_MINUTE: '1000000',
    RATE_LIMIT_BURST: '1000000',
    UPSTREAM_MAX_CONCURRENCY: '1000',
  });
  gateway.backends.users.set('stranger', {
    id: 'usr_stranger',
    username: 'stranger',
    display_name: 'stranger',
    roles: ['a-role-nobody-knows'],
    disabled: false,
  });
  // Whatever a technician names is their own, so that only the role decides.
  gateway.backends.handle = (request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      request.method === 'HEAD' ? undefined : JSON.stringify({ owner: 'usr_technician', project_id: 'default' }),
    );
  };
  // Ending one's session or revoking it would take it from the other rows.
  for (const role of ROLES) bearers.set(role, (await gateway.login(role)).authorization);
});
afterAll(() => gateway.close());

const pathOf = (template: string): string => template.replaceAll(/\{\w+\}/g, 'x1');

async function statusOf(method: string, path: string, authorization: string | undefined): Promise<number> {
  const response = await fetch(`${gateway.url}${path}`, {
    method,
    headers: authorization === undefined ? {} : { authorization },
    signal: AbortSignal.timeout(20_000),
  });
  await response.arrayBuffer();
  return response.status;
}

describe('the matrix of roles and routes', () => {
  it('names every route there is', async () => {
    const { paths } = (await (await fetch(`${gateway.url}/docs-json`)).json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(Object.keys(MATRIX).sort());
  });

  it.each(Object.entries(MATRIX).filter(([route]) => route !== 'POST /auth/logout'))(
    '%s is for %j',
    async (route, roles) => {
      const [method = '', template = ''] = route.split(' ');
      const path = pathOf(template);
      const anonymous = await statusOf(method, path, undefined);
      expect([route, 'nobody', anonymous === 401]).toEqual([route, 'nobody', roles !== 'anybody']);
      for (const role of ROLES) {
        const status = await statusOf(method, path, bearers.get(role));
        const may = roles === 'anybody' || roles.includes(role);
        expect([route, role, status === 403]).toEqual([route, role, !may]);
        expect([route, role, status === 401 || status >= 500]).toEqual([route, role, false]);
      }
    },
  );

  it('has nothing beside it: every other method of every path is refused, whoever asks', async () => {
    const templates = new Set(Object.keys(MATRIX).map((route) => route.split(' ')[1] ?? ''));
    for (const template of templates) {
      for (const method of METHODS) {
        const isRoute = `${method} ${template}` in MATRIX || (method === 'HEAD' && `GET ${template}` in MATRIX);
        if (isRoute) continue;
        for (const role of [undefined, 'admin']) {
          const status = await statusOf(method, pathOf(template), role === undefined ? undefined : bearers.get(role));
          expect([method, template, status]).toEqual([method, template, 405]);
        }
      }
    }
  });

  it('denies an API key whatever is not among its scopes', async () => {
    const made = await fetch(`${gateway.url}/auth/api-keys`, {
      method: 'POST',
      headers: { authorization: bearers.get('admin') ?? '', 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'reader', scopes: ['qc:read'] }),
    });
    const { api_key: key } = (await made.json()) as { api_key: string };
    const refused: string[] = [];
    for (const [route, roles] of Object.entries(MATRIX)) {
      if (roles === 'anybody' || route === 'POST /auth/logout') continue;
      const [method = '', template = ''] = route.split(' ');
      if ((await statusOf(method, pathOf(template), `Bearer ${key}`)) === 403) refused.push(route);
    }
    const open = [
      'GET /auth/me',
      'GET /auth/sessions',
      'DELETE /auth/sessions',
      'DELETE /auth/sessions/{session_id}',
      'GET /api/v1/qc/results/{qc_job_id}',
    ];
    const guarded = Object.entries(MATRIX).filter(
      ([route, roles]) => roles !== 'anybody' && route !== 'POST /auth/logout',
    );
    expect(refused.sort()).toEqual(
      guarded
        .map(([route]) => route)
        .filter((route) => !open.includes(route))
        .sort(),
    );
  });
});
