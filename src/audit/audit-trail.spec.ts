import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildExchange } from '../../test/support/identity-builders.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { accessRefused, exchangeClosed, sessionChanged } from '../kernel/events.js';
import type { Exchange } from '../kernel/exchange.js';
import type { AuditFact } from './audit-chain.js';
import { AuditTrail } from './audit-trail.js';
import { claimDirectory } from './directory-claim.js';

const principal = { userId: 'usr_1', username: 'ada', sessionId: 'ses_1', roles: ['analyst'], projects: ['*'] };

describe('the audit trail', () => {
  let facts: AuditFact[];
  let trail: AuditTrail;
  let clock: ManualClock;
  beforeEach(() => {
    facts = [];
    clock = new ManualClock();
    trail = new AuditTrail({ record: (fact) => facts.push(fact) }, clock);
  });
  afterEach(() => trail.close());

  const closed = (changes: Partial<Exchange>, status = 201): void =>
    exchangeClosed.publish({
      exchange: { ...buildExchange(), principal, query: 'sample_id=SECRET-SAMPLE', ...changes },
      status,
      durationMs: 1,
      requestBytes: 1,
      responseBytes: 1,
    });

  it('records a change with who, what kind and how it ended, and nothing of a sample', () => {
    closed({ method: 'POST', route: '/api/v1/execution/jobs/:job_id/cancel' });
    expect(facts).toEqual([
      {
        event: 'change',
        at: '2026-01-01T00:00:00.000Z',
        request_id: 'request-1',
        user_id: 'usr_1',
        session_id: 'ses_1',
        method: 'POST',
        route: '/api/v1/execution/jobs/:job_id/cancel',
        resource: 'execution',
        status: 201,
        code: undefined,
      },
    ]);
    expect(JSON.stringify(facts)).not.toContain('SECRET-SAMPLE');
  });

  it.each([
    ['POST', '/api/v1/qc/analyze', 1],
    ['PATCH', '/api/v1/ingestion/upload/:upload_id', 1],
    ['DELETE', '/api/v1/ingestion/upload/:upload_id', 1],
    ['GET', '/api/v1/results/download/:token', 1],
    ['GET', '/api/v1/results/:job_id', 0],
    ['GET', '/api/v1/pipelines', 0],
    ['POST', '/auth/login', 0],
    ['POST', '', 0],
  ])('of %s %s makes %i entries', (method, route, count) => {
    closed({ method, route });
    expect(facts).toHaveLength(count);
  });

  it('names the administrator who ended a session beside the user whose it was', () => {
    const event = { change: 'ended', exchangeId: 'request-1', clientAddress: '192.0.2.1' } as const;
    sessionChanged.publish({ ...event, userId: 'usr_2', sessionId: 'ses_2', endedBy: 'usr_1' });
    expect(facts).toMatchObject([
      { event: 'session-ended', user_id: 'usr_2', session_id: 'ses_2', ended_by: 'usr_1', request_id: 'request-1' },
    ]);
  });

  it('is not filled by refused logins: beyond 600 a minute they are counted', () => {
    const refused = { userId: undefined, sessionId: undefined, exchangeId: 'r', clientAddress: 'a' };
    for (let count = 0; count < 700; count += 1) sessionChanged.publish({ ...refused, change: 'login-refused' });
    expect(facts).toHaveLength(600);
    sessionChanged.publish({ ...refused, change: 'login' });
    clock.advance(60_000);
    sessionChanged.publish({ ...refused, change: 'login-refused' });
    expect(facts.slice(-3)).toMatchObject([
      { event: 'session-login' },
      { event: 'access-refused-unrecorded', count: 100 },
      { event: 'session-login-refused' },
    ]);
  });

  it('records a download by link, which has no user', () => {
    closed({ method: 'GET', route: '/api/v1/results/download/:token', principal: undefined }, 206);
    expect(facts).toMatchObject([{ event: 'download', status: 206, resource: 'results' }]);
  });

  it('records changes of sessions', () => {
    sessionChanged.publish({
      change: 'refresh-reused',
      exchangeId: 'request-1',
      userId: 'usr_1',
      sessionId: 'ses_1',
      clientAddress: '192.0.2.1',
    });
    expect(facts).toMatchObject([{ event: 'session-refresh-reused', user_id: 'usr_1', client_address: '192.0.2.1' }]);
  });

  it('records refusals; of a flood without identity only some, and then how many more', () => {
    const anonymous = buildExchange();
    for (let index = 0; index < 700; index += 1) accessRefused.publish({ exchange: anonymous, code: 'invalid_token' });
    expect(facts).toHaveLength(600);
    accessRefused.publish({ exchange: { ...anonymous, principal }, code: 'forbidden' });
    expect(facts.at(-1)).toMatchObject({ event: 'access-refused', code: 'forbidden', user_id: 'usr_1' });
    clock.advance(60_000);
    accessRefused.publish({ exchange: anonymous, code: 'invalid_token' });
    expect(facts.slice(601)).toMatchObject([
      { event: 'access-refused-unrecorded', count: 100 },
      { event: 'access-refused', code: 'invalid_token' },
    ]);
  });
});

describe('the claim of a directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'audit-claim-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('gives each writer its own, and a free one again to the next', () => {
    const first = claimDirectory(root);
    const second = claimDirectory(root);
    expect(second.directory).not.toBe(first.directory);
    first.release();
    const third = claimDirectory(root);
    expect(third.directory).toBe(first.directory);
    second.release();
    third.release();
  });

  it('passes over one that another living process holds, and takes one whose holder has died', () => {
    const claim = claimDirectory(root);
    claim.release();
    writeFileSync(join(claim.directory, 'writer.lock'), String(process.ppid));
    const next = claimDirectory(root);
    expect(next.directory).not.toBe(claim.directory);
    writeFileSync(join(claim.directory, 'writer.lock'), '999999999');
    const again = claimDirectory(root);
    expect(again.directory).toBe(claim.directory);
    next.release();
    again.release();
  });
});
