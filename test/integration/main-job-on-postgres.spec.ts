import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BuiltGateway, ROOT } from '../support/built-gateway.js';
import { findPrivatePostgres, type PrivatePostgres } from '../support/private-postgres.js';

const start = findPrivatePostgres();

(start === undefined ? describe.skip : describe)('the reference backends on PostgreSQL', () => {
  let postgres: PrivatePostgres;
  let gateway: BuiltGateway;

  beforeAll(async () => {
    if (start === undefined) return;
    postgres = await start();
    gateway = await new BuiltGateway({ DATABASE_URL: postgres.url }).start();
  }, 90_000);
  afterAll(async () => {
    await gateway.close();
    await postgres.stop();
  });

  it('do the main job', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'examples/main-job.mjs')], {
      env: { ...process.env, GENOFLOW_URL: gateway.url, GENOFLOW_USERNAME: 'admin', GENOFLOW_PASSWORD: 'password' },
    });
    expect(stdout).toContain('Every step succeeded.');
  }, 120_000);

  it('keep what they know over a restart', async () => {
    const jobs = async (): Promise<unknown> => {
      const headers = await gateway.login();
      return (await fetch(`${gateway.url}/api/v1/execution/jobs`, { headers })).json();
    };
    const before = await jobs();
    expect(await gateway.stop()).toBe(0);
    await gateway.start();
    expect(await jobs()).toEqual(before);
  }, 90_000);
});
