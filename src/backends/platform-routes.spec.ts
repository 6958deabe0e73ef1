import { loadDefinition } from './service-table.js';
import type { BackendName } from './service/backend-name.js';
import { openEmbedded } from './service/database.js';
import { runService, type TestCaller, type TestService } from './service/testing/run-service.js';

/** Every route of the reference services that only the platform may ask. */
const ROUTES: [BackendName, string, string][] = [
  ['auth', 'POST', '/login'],
  ['auth', 'GET', '/users/changes'],
  ['auth', 'GET', '/users/usr_1'],
  ['ingestion', 'GET', '/upload/upl_1/content'],
  ['pipelines', 'GET', '/pipelines/fastq-preprocess/definition'],
  ['pipelines', 'POST', '/pipelines/fastq-preprocess/parameters'],
  ['execution', 'GET', '/capabilities'],
  ['execution', 'GET', '/statistics'],
  ['results', 'PUT', '/results/job_1/files/a.txt'],
  ['results', 'POST', '/results/job_1'],
];

const USERS: TestCaller[] = [
  { userId: 'usr_robot', roles: ['service'] },
  { userId: 'usr_root', roles: ['admin', 'service', 'gateway', 'peer'] },
  { userId: 'gateway', username: 'gateway', sessionId: '', roles: ['service'] },
  { userId: 'service:qc', username: 'qc', sessionId: '', roles: ['service'] },
  { userId: 'anonymous', roles: [], projects: [] },
];
const PLATFORM: TestCaller[] = [
  { kind: 'gateway', userId: 'gateway', roles: [] },
  { kind: 'peer', userId: 'service:qc', roles: [] },
];

describe('a route for the platform itself', () => {
  const services = new Map<BackendName, TestService>();
  let close: () => Promise<void>;

  beforeAll(async () => {
    const opened = await openEmbedded();
    const { database } = opened;
    const settings = { qcWorkers: 0, executionWorkers: 0 };
    for (const name of new Set(ROUTES.map(([service]) => service))) {
      services.set(name, await runService(await loadDefinition(name), { database, settings }));
    }
    close = async () => {
      for (const service of services.values()) await service.close();
      await opened.close();
    };
  }, 60_000);
  afterAll(() => close());

  it.each(ROUTES)('of %s knows no role: %s %s', async (name, method, path) => {
    const ask = async (as: TestCaller): Promise<number | undefined> =>
      (await services.get(name)?.call(path, { method, as, ...(method === 'GET' ? {} : { json: {} }) }))?.status;
    for (const user of USERS) expect([user, await ask(user)]).toEqual([user, 403]);
    for (const caller of PLATFORM) expect([200, 201, 400, 404, 409, 415, 422, 503]).toContain(await ask(caller));
  });
});
