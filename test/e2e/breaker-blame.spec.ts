import { EndpointRegistry } from '../../src/upstream/registry/endpoint-registry.js';
import type { BackendConnection } from '../support/hostile-backend.js';
import { codeOf, field, finalAnswer, HostileGateway, ok } from '../support/hostile-gateway.js';
import { until } from '../support/until.js';

/** One more than open a breaker. */
const ENOUGH = 6;
let subject: HostileGateway;

beforeAll(async () => {
  subject = await HostileGateway.boot({
    UPSTREAM_TIMEOUT_MS: '400',
    REQUEST_TIMEOUT_MS: '300',
    UPLOAD_MIN_BYTES_PER_SECOND: '1000',
    UPLOAD_MAX_BYTES: '100',
    BREAKER_OPEN_MS: '60000',
  });
});
afterAll(() => subject.close());
beforeEach(() => {
  subject.backend.reset();
});

const stateOf = (service: 'qc' | 'ingestion'): string | undefined =>
  subject.gateway.app.get(EndpointRegistry).of(service)[0]?.breaker.kind;

describe('the breaker is not opened by', () => {
  afterEach(async () => {
    subject.backend.answer = (connection) => {
      connection.say(ok('sound'));
    };
    expect([stateOf('qc'), stateOf('ingestion')]).toEqual(['closed', 'closed']);
    expect(await subject.ask()).toMatchObject({ status: 200, body: 'sound' });
    expect(await finalAnswer(await subject.upload(['Content-Length: 4'], 'body'))).toMatchObject({ status: 200 });
  });

  it('clients that reset before an answer', async () => {
    for (let client = 1; client <= ENOUGH; client += 1) {
      const impatient = await subject.open();
      await until(() => subject.backend.connections.length === client);
      impatient.reset();
      await until(() => subject.backend.last?.closed === true);
    }
  });

  it('clients that reset in the middle of an answer', async () => {
    subject.backend.answer = (connection) => {
      connection.say('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegun');
    };
    for (let client = 1; client <= ENOUGH; client += 1) {
      const impatient = await subject.open();
      await until(() => impatient.received.endsWith('begun'));
      impatient.reset();
      await until(() => subject.backend.last?.closed === true);
    }
  });

  it('clients that reset in the middle of an upload', async () => {
    for (let client = 1; client <= ENOUGH; client += 1) {
      const impatient = await subject.upload(['Content-Length: 100'], 'half');
      await until(() => subject.backend.connections.length === client && subject.backend.last?.bodyBytes === 4);
      impatient.reset();
      await until(() => subject.backend.last?.closed === true);
    }
  });

  it('clients that send too slowly', async () => {
    for (let client = 1; client <= ENOUGH; client += 1) {
      expect(codeOf(await finalAnswer(await subject.upload(['Content-Length: 100'], 'slow')))).toBe('request_timeout');
    }
  });

  it('clients that send too much', async () => {
    const chunk = `40\r\n${'x'.repeat(64)}\r\n`;
    for (let client = 1; client <= ENOUGH; client += 1) {
      const answer = await finalAnswer(await subject.upload(['Transfer-Encoding: chunked'], chunk + chunk));
      expect(codeOf(answer)).toBe('body_too_large');
    }
  });
});

describe('the breaker is opened by', () => {
  // Each service has a breaker of its own.
  it.each([
    [
      'answers that are none',
      '/api/v1/qc/results/qc_1',
      502,
      (connection: BackendConnection) => {
        connection.say('SSH-2.0-OpenSSH_9.2\r\n');
      },
    ],
    [
      'connections that break',
      '/api/v1/execution/jobs/job_1',
      502,
      (connection: BackendConnection) => {
        connection.socket.resetAndDestroy();
      },
    ],
    [
      'answers cut off in the middle',
      '/api/v1/results/job_1',
      200,
      (connection: BackendConnection) => {
        connection.say('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
        setTimeout(() => connection.socket.destroy(), 20);
      },
    ],
    ['answers that never begin', '/api/v1/monitoring/metrics', 504, () => undefined],
  ])('%s', async (_what, path, status, answer) => {
    subject.backend.answer = answer;
    expect((await subject.ask({ path }))?.status).toBe(status);
    for (let client = 2; client < ENOUGH; client += 1) await subject.ask({ path });
    const before = subject.backend.connections.length;
    const refused = await subject.ask({ path });
    expect([refused?.status, codeOf(refused)]).toEqual([503, 'breaker_open']);
    expect(field(refused, 'retry-after')).toHaveLength(1);
    expect(subject.backend.connections).toHaveLength(before);
  });
});
