import type { BackendConnection } from '../support/hostile-backend.js';
import { finalAnswer, HostileGateway } from '../support/hostile-gateway.js';
import type { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

let subject: HostileGateway;

beforeAll(async () => {
  subject = await HostileGateway.boot({ BREAKER_OPEN_MS: '10' });
});
afterAll(() => subject.close());
beforeEach(() => {
  subject.backend.reset();
});

type Opening = () => Promise<RawClient>;
const begun = (head: string) => async (): Promise<RawClient> => {
  subject.backend.answer = (connection) => {
    connection.say(head);
  };
  const client = await subject.open({ path: '/api/v1/results/download/abc' });
  await client.receive(/begun/);
  return client;
};
const unanswered = async (): Promise<RawClient> => {
  const client = await subject.open({ path: '/api/v1/results/download/abc' });
  await until(() => subject.backend.connections.length === 1);
  return client;
};
const uploading = (framing: string, body: string) => async (): Promise<RawClient> => {
  const client = await subject.upload([framing], body);
  await until(() => (subject.backend.last?.bodyBytes ?? 0) > 0);
  return client;
};

describe('a client that goes', () => {
  const STAGES: readonly [string, Opening][] = [
    ['before the answer', unanswered],
    ['in an answer with a length', begun('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun')],
    ['in an answer in chunks', begun('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n')],
    ['in an upload with a length', uploading('Content-Length: 100', 'begun')],
    ['in an upload in chunks', uploading('Transfer-Encoding: chunked', '5\r\nbegun\r\n')],
  ];
  const WAYS: readonly [string, (client: RawClient) => void][] = [
    ['closing', (client) => client.end()],
    ['a reset', (client) => client.reset()],
  ];

  it.each(STAGES.flatMap(([stage, open]) => WAYS.map(([way, go]) => [stage, way, open, go] as const)))(
    '%s, by %s, has the backend cut off',
    async (_stage, _way, open, go) => {
      const client = await open();
      expect(subject.backend.last?.closed).toBe(false);
      go(client);
      await until(() => subject.backend.last?.closed === true);
      client.destroy();
    },
  );
});

describe('a backend that is cut', () => {
  const ANSWERS = [
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n'],
  ] as const;
  const WAYS: readonly [string, (connection: BackendConnection | undefined) => void][] = [
    ['closing', (connection) => connection?.socket.end()],
    ['a reset', (connection) => connection?.socket.resetAndDestroy()],
  ];

  it.each(ANSWERS.flatMap(([framing, head]) => WAYS.map(([way, cut]) => [framing, way, head, cut] as const)))(
    'in an answer %s, by %s, never leaves a whole one (RFC 9112 section 8)',
    async (_framing, _way, head, cut) => {
      const client = await begun(head)();
      cut(subject.backend.last);
      expect(await finalAnswer(client)).toMatchObject({ status: 200, body: 'begun', whole: false });
    },
  );
});
