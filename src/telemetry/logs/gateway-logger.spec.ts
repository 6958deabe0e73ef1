import { buildExchange } from '../../../test/support/identity-builders.js';
import {
  breakerChanged,
  exchangeClosed,
  tlsFilesRead,
  unexpectedFailure,
  userFeedChanged,
  verificationKeysRead,
} from '../../kernel/events.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { GatewayLogger } from './gateway-logger.js';

type Line = Record<string, unknown>;

function open(logLevel: 'info' | 'silent' | 'debug' = 'info') {
  const lines: Line[] = [];
  const output = {
    write: (text: string) => void lines.push(JSON.parse(text) as Line),
    flushSync: () => undefined,
    end: () => undefined,
  };
  return { lines, logger: new GatewayLogger({ logLevel, otlpEndpoint: undefined }, new ManualClock(), output) };
}

const EXCHANGE = {
  ...buildExchange(['Authorization', 'Bearer SECRET-TOKEN']),
  method: 'GET',
  route: '/api/v1/results/:job_id',
  query: 'sample_id=SECRET-SAMPLE',
  requestHeaders: { authorization: 'Bearer SECRET-TOKEN', 'user-agent': 'SECRET-AGENT' },
  principal: {
    userId: 'usr_1',
    username: 'SECRET-NAME',
    sessionId: 'SECRET-SESSION',
    roles: ['analyst'],
    projects: ['*'],
  },
  body: Buffer.from('SECRET-BODY'),
  upstream: { service: 'results', operation: 'readResults', attempts: 2, durationMs: 12.345, status: 200 },
};

describe('the log', () => {
  it('has one line for an exchange with the allowed fields and no others', () => {
    const { lines, logger } = open();
    exchangeClosed.publish({ exchange: EXCHANGE, status: 200, durationMs: 15.678, requestBytes: 0, responseBytes: 99 });
    logger.onApplicationShutdown();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEqual({
      level: 30,
      time: expect.any(Number),
      app: 'genoflow-gateway',
      service: 'results',
      id: 'request-1',
      method: 'GET',
      route: '/api/v1/results/:job_id',
      status: 200,
      duration_ms: 15.7,
      request_bytes: 0,
      response_bytes: 99,
      user_id: 'usr_1',
      roles: ['analyst'],
      operation: 'readResults',
      attempts: 2,
      upstream_ms: 12.3,
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      msg: 'exchange',
    });
    expect(JSON.stringify(lines)).not.toContain('SECRET');
  });

  it('has no line for a probe that was answered, but for one that was not', () => {
    const { lines, logger } = open();
    for (const status of [200, 503, 499])
      exchangeClosed.publish({
        exchange: { ...EXCHANGE, route: '/health/ready' },
        ...{ status, durationMs: 1, requestBytes: 0, responseBytes: 0 },
      });
    logger.onApplicationShutdown();
    expect(lines.map(({ status }) => status)).toEqual([503, 499]);
  });

  it('tells of a failure by its name and place, never by its message', () => {
    const { lines, logger } = open();
    let error: unknown;
    try {
      JSON.parse('SECRET-SAMPLE');
    } catch (thrown) {
      error = thrown;
    }
    unexpectedFailure.publish({ exchange: EXCHANGE, error });
    unexpectedFailure.publish({ exchange: undefined, error: 'SECRET-TEXT' });
    logger.error(new Error('SECRET in the framework'), 'Context');
    logger.onApplicationShutdown();
    expect(lines[0]).toMatchObject({ level: 50, error: 'SyntaxError', id: 'request-1' });
    expect(lines[0]?.['frames']).toEqual(expect.arrayContaining([expect.stringContaining('gateway-logger.spec')]));
    expect(JSON.stringify(lines)).not.toContain('SECRET');
  });

  it("carries Nest's own lines, with their context", () => {
    const { lines, logger } = open('debug');
    logger.log('started', 'NestApplication');
    logger.verbose('not at this level');
    logger.error('failed', 'the stack', 'Router');
    logger.onApplicationShutdown();
    expect(lines).toMatchObject([
      { level: 20, msg: 'started', context: 'NestApplication' },
      { level: 50, msg: 'failed', context: 'Router' },
    ]);
  });

  it('warns of a breaker, and listens no more after it was closed', () => {
    const { lines, logger } = open();
    breakerChanged.publish({ service: 'qc', endpoint: '0', state: 'open' });
    logger.onApplicationShutdown();
    breakerChanged.publish({ service: 'qc', endpoint: '0', state: 'closed' });
    expect(lines).toMatchObject([{ level: 40, service: 'qc', state: 'open' }]);
  });

  it('tells of keys that have changed or cannot be read, and not of those that are the same', () => {
    const { lines, logger } = open();
    const file = { source: 'file', name: 'JWT_KEYS_FILE', faults: [] } as const;
    verificationKeysRead.publish({ ...file, outcome: 'changed' });
    verificationKeysRead.publish({ ...file, outcome: 'unchanged' });
    verificationKeysRead.publish({ ...file, outcome: 'failed', faults: ['JWT_KEYS_FILE: /keys/0/kid: is missing'] });
    logger.onApplicationShutdown();
    expect(lines).toMatchObject([
      { level: 30, name: 'JWT_KEYS_FILE', msg: 'keys changed' },
      { level: 50, name: 'JWT_KEYS_FILE', faults: ['JWT_KEYS_FILE: /keys/0/kid: is missing'] },
    ]);
  });

  it('tells of TLS files that have changed or cannot be used, and not of those that are the same', () => {
    const { lines, logger } = open();
    const files = { use: 'upstream', faults: [], expiresAt: undefined } as const;
    tlsFilesRead.publish({ ...files, outcome: 'changed' });
    tlsFilesRead.publish({ ...files, outcome: 'unchanged' });
    tlsFilesRead.publish({ ...files, outcome: 'failed', faults: ['UPSTREAM_CA_FILE: all certificates have expired'] });
    logger.onApplicationShutdown();
    expect(lines).toMatchObject([
      { level: 30, use: 'upstream', msg: 'TLS files changed' },
      { level: 50, use: 'upstream', faults: ['UPSTREAM_CA_FILE: all certificates have expired'] },
    ]);
  });

  it('tells whether changes of users are followed', () => {
    const { lines, logger } = open();
    for (const state of ['followed', 'failing', 'untold'] as const) userFeedChanged.publish({ state });
    logger.onApplicationShutdown();
    expect(lines).toMatchObject([
      { level: 30, state: 'followed' },
      { level: 40, state: 'failing' },
      { level: 40, state: 'untold', msg: expect.stringContaining('when a session is refreshed') },
    ]);
  });

  it('costs nothing when it is silent', () => {
    const { logger } = open('silent');
    expect(exchangeClosed.hasSubscribers).toBe(false);
    logger.onApplicationShutdown();
  });
});
