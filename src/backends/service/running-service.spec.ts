import express, { Router } from 'express';
import { sql } from 'drizzle-orm';
import type { BackendDefinition } from './backend-service.js';
import { rowsOf } from './database.js';
import { identityOf, requirePlatform } from './identity.js';
import { BackendProblem } from './problem.js';
import { runService, type TestService } from './testing/run-service.js';

const definition: BackendDefinition = {
  name: 'qc',
  migrations: ['create table qc.things (id integer primary key)', 'insert into qc.things (id) values (7)'],
  create: (context) => {
    const router = Router();
    router.get('/things', async (_request, response) => {
      response.json(await rowsOf(context.database, sql`select id from qc.things`));
    });
    router.get('/internal', (request, response) => {
      requirePlatform(identityOf(request));
      response.json({});
    });
    router.post('/echo', (request, response) => {
      response.json(request.body);
    });
    router.post('/raw', express.raw({ limit: 4 }), (_request, response) => {
      response.json({});
    });
    router.get('/refuse', () => {
      throw new BackendProblem(409, 'not_now', 'Later.', { missing: ['a'] }, { 'retry-after': '3' });
    });
    router.get('/crash', () => {
      throw new Error('patient 4711');
    });
    return Promise.resolve({ router, stop: () => Promise.resolve() });
  },
};

describe('a running service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await runService(definition);
  });
  afterAll(() => service.close());

  it('answers health without an identity', async () => {
    const answer = await fetch(`${service.url}/health`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ok', service: 'qc' });
  });

  it('has applied its migrations in order', async () => {
    expect(await (await service.call('/things')).json()).toEqual([{ id: 7 }]);
  });

  it('refuses a call without an identity', async () => {
    const answer = await fetch(`${service.url}/things`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ status: 401, code: 'identity_invalid' });
  });

  it('keeps internal routes to the platform, which is a matter of no role', async () => {
    expect((await service.call('/internal', { as: { roles: ['service', 'admin'] } })).status).toBe(403);
    expect((await service.call('/internal', { as: { kind: 'gateway', roles: [] } })).status).toBe(200);
    expect((await service.call('/internal', { as: { kind: 'peer', roles: [] } })).status).toBe(200);
  });

  it.each([
    ['broken JSON', '{"a":', { 'content-type': 'application/json' }, 400, 'malformed_body'],
    ['a bare value', '7', { 'content-type': 'application/json' }, 400, 'malformed_body'],
    ['a large body', `"${'x'.repeat(1024 * 1024)}"`, { 'content-type': 'application/json' }, 413, 'body_too_large'],
    [
      'a coded body',
      'x',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      415,
      'unsupported_media_type',
    ],
  ])('answers %s with a problem', async (_name, body, headers, status, code) => {
    const answer = await service.call('/echo', { method: 'POST', body, headers: headers as Record<string, string> });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code });
  });

  it('passes a refusal on with its members and headers', async () => {
    const answer = await service.call('/refuse');
    expect(answer.status).toBe(409);
    expect(answer.headers.get('retry-after')).toBe('3');
    expect(await answer.json()).toEqual({
      type: 'urn:genoflow:problem:not_now',
      title: 'Conflict',
      status: 409,
      detail: 'Later.',
      code: 'not_now',
      missing: ['a'],
    });
  });

  it('says nothing of an unexpected error', async () => {
    const answer = await service.call('/crash');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('4711');
  });

  it('answers an unknown address with 404 and a bad escape with 400', async () => {
    expect((await service.call('/nothing')).status).toBe(404);
    expect((await service.call('/%E0%A4%A')).status).toBe(404);
  });
});
