import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { Agent, fetch } from 'undici';
import { drain } from '../../src/boot/drain.js';
import { messageUnreadable, tlsFilesRead, tlsHandshakeFailed, type TlsFilesRead } from '../../src/kernel/events.js';
import { eventually } from '../support/built-gateway.js';
import { fingerprintOf, PemFolder, TestAuthority, YESTERDAY } from '../support/certificates.js';
import { codeOf, field, finalAnswer, HostileGateway, ok } from '../support/hostile-gateway.js';
import { parseAnswer } from '../support/raw-answer.js';
import { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const RELOADED_WITHIN_MS = 20_000;

describe('the listener over TLS', () => {
  const folder = new PemFolder();
  let authority: TestAuthority;
  let subject: HostileGateway;
  const boot = async (environment: NodeJS.ProcessEnv = {}): Promise<HostileGateway> => {
    const files = folder.writePair('gateway', await authority.issue());
    const tls = { TLS_CERT_FILE: files.cert, TLS_KEY_FILE: files.key };
    return HostileGateway.boot({ ...tls, BREAKER_OPEN_MS: '10', ...environment }, authority.cert);
  };

  beforeAll(async () => {
    authority = await TestAuthority.create();
    subject = await boot({ HEADERS_TIMEOUT_MS: '1000', NODE_ENV: 'test' });
  });
  afterAll(async () => {
    await subject.close();
    folder.remove();
  });
  beforeEach(() => {
    subject.backend.reset();
  });

  /** What became of a handshake: the connection, or the code of its failure. */
  const shakeHands = (options: ConnectionOptions = {}): Promise<TLSSocket | string | undefined> =>
    new Promise((resolve) => {
      const socket = connect({ port: subject.gateway.port, host: '127.0.0.1', ca: authority.cert, ...options });
      socket
        .once('secureConnect', () => {
          resolve(socket);
        })
        .once('error', (error: NodeJS.ErrnoException) => {
          resolve(error.code);
        });
    });
  const failedHandshakes = (): { readonly reasons: string[]; readonly end: () => void } => {
    const reasons: string[] = [];
    return { reasons, end: tlsHandshakeFailed.subscribe(({ reason }) => reasons.push(reason)) };
  };

  /** Messages that were taken for HTTP that is not well-formed, from here to when it is asked. */
  const countUnreadable = (): (() => number) => {
    let count = 0;
    const end = messageUnreadable.subscribe(() => (count += 1));
    return () => {
      end();
      return count;
    };
  };

  it('speaks TLS 1.2 and 1.3 and HTTP/1.1, and nothing older or other', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = (await shakeHands({ maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] })) as TLSSocket;
      expect([socket.getProtocol(), socket.alpnProtocol]).toEqual([version, 'http/1.1']);
      socket.destroy();
    }
    const failed = failedHandshakes();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await shakeHands(old)).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    expect(await shakeHands({ ALPNProtocols: ['h2'] })).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    // A client that goes right after its own last word has closed too early for the server.
    await until(() => failed.reasons.includes('version') && failed.reasons.includes('other'));
    failed.end();
  });

  it('closes a connection of plain HTTP without a word, and one that never ends its handshake', async () => {
    const failed = failedHandshakes();
    const unreadable = countUnreadable();
    const plain = await RawClient.open(subject.gateway.port);
    plain.send('GET /health/live HTTP/1.1\r\nHost: gateway\r\n\r\n');
    expect(await plain.untilEnded()).toBe('');
    const silent = await RawClient.open(subject.gateway.port);
    expect(await silent.untilEnded()).toBe('');
    await until(() => failed.reasons.length === 2);
    expect(failed.reasons).toEqual(['plain-http', 'timeout']);
    expect(unreadable()).toBe(0);
    failed.end();
    plain.destroy();
    silent.destroy();
  });

  it('tells backends that the client came by https', async () => {
    subject.backend.answer = (connection) => {
      connection.say(ok('{}'));
    };
    expect(await subject.ask()).toMatchObject({ status: 200, body: '{}', whole: true });
    expect(subject.backend.last?.head).toMatch(/^x-forwarded-proto: https$/im);
  });

  it('refuses a message of two lengths and closes', async () => {
    const fields = ['Content-Length: 3', 'Transfer-Encoding: chunked'];
    const answer = await subject.ask({ method: 'POST', path: '/api/v1/qc/analyze', fields, body: '0\r\n\r\n' });
    expect([answer?.status, codeOf(answer)]).toEqual([400, 'malformed_request']);
    expect(subject.backend.connections).toEqual([]);
  });

  it('lets its answer to a body that nobody wants arrive before the connection goes', async () => {
    const body = 'x'.repeat(4_000_000);
    const fields = ['Content-Type: text/plain', `Content-Length: ${body.length}`];
    const answer = await subject.ask({ method: 'POST', path: '/api/v1/qc/analyze', fields, body });
    expect(answer).toMatchObject({ status: 415, whole: true });
    expect(field(answer, 'connection')).toEqual(['close']);
  });

  it('answers requests of one connection in their order', async () => {
    const client = await RawClient.open(subject.gateway.port, authority.cert);
    const get = (path: string, close = ''): string => `GET ${path} HTTP/1.1\r\nHost: gateway\r\n${close}\r\n`;
    client.send(get('/health/live') + get('/nothing') + get('/health/live', 'Connection: close\r\n'));
    expect([...(await client.untilEnded()).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '200',
      '404',
      '200',
    ]);
    client.destroy();
  });

  it('answers 408 to a header section that does not come in time', async () => {
    const client = await RawClient.open(subject.gateway.port, authority.cert);
    client.send('GET /health/live HTTP/1.1\r\nHost: gate');
    expect(await finalAnswer(client)).toMatchObject({ status: 408 });
  });

  it('closes a connection whose bytes are no TLS any more, and serves on', async () => {
    const unreadable = countUnreadable();
    const client = await RawClient.open(subject.gateway.port, authority.cert);
    client.send('GET /heal');
    await sleep(50);
    client.sendBelow(Buffer.from('no record of TLS at all, by any version'));
    expect(await client.untilEnded()).toBe('');
    client.destroy();
    expect(await subject.ask({ path: '/health/live' })).toMatchObject({ status: 200 });
    expect(unreadable()).toBe(0);
  });

  const begun = async (version = '1.1'): Promise<RawClient> => {
    subject.backend.answer = (connection) => {
      connection.say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n');
    };
    const client = await subject.open({ version, path: '/api/v1/results/download/abc' });
    await client.receive(/begun/);
    return client;
  };

  it.each([
    ['closing', (client: RawClient) => client.end()],
    ['a reset', (client: RawClient) => client.reset()],
  ])('has the backend cut off when the client goes by %s', async (_way, go) => {
    const client = await begun();
    expect(subject.backend.last?.closed).toBe(false);
    go(client);
    await until(() => subject.backend.last?.closed === true);
    client.destroy();
  });

  it('breaks an answer off that breaks behind it; for HTTP/1.0, where an end would make it whole, by a reset', async () => {
    const newer = await begun();
    subject.backend.last?.socket.resetAndDestroy();
    expect(await finalAnswer(newer)).toMatchObject({ status: 200, body: 'begun', whole: false });
    const older = await begun('1.0');
    subject.backend.last?.socket.resetAndDestroy();
    await until(() => older.closed);
    expect([older.ended, older.failure?.code]).toEqual([false, 'ECONNRESET']);
  });

  it('takes an upload whole', async () => {
    const client = await subject.upload(['Content-Length: 2000000'], 'ACGT'.repeat(500_000));
    await until(() => subject.backend.last?.requestIsWhole === true);
    subject.backend.last?.say(ok('{"upload_id":"upl_1"}'));
    expect(await finalAnswer(client)).toMatchObject({ status: 200, body: '{"upload_id":"upl_1"}' });
    expect(subject.backend.last?.bodyBytes).toBe(2_000_000);
  });

  describe('whose certificate is renewed', () => {
    const shown = async (): Promise<string> => {
      const socket = (await shakeHands()) as TLSSocket;
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const told: TlsFilesRead[] = [];
    const end = tlsFilesRead.subscribe((event) => told.push(event));
    beforeEach(() => told.splice(0));
    afterAll(end);

    it('shows the new one to new connections while old ones go on, and loses no request', async () => {
      const standing = new Agent({ connect: { ca: authority.cert }, connections: 4 });
      const short = new Agent({ connect: { ca: authority.cert }, pipelining: 0 });
      const statuses: number[] = [];
      let isOver = false;
      const ask = async (dispatcher: Agent): Promise<void> => {
        while (!isOver) {
          const response = await fetch(`${subject.gateway.url}/health/live`, { dispatcher });
          await response.text();
          statuses.push(response.status);
          await sleep(5);
        }
      };
      const load = Promise.all([standing, standing, short, short].map(ask));
      const next = await authority.issue();
      folder.writePair('gateway', next);
      await eventually(
        async () => ((await shown()) === fingerprintOf(next.cert) ? true : undefined),
        RELOADED_WITHIN_MS,
      );
      await sleep(200);
      isOver = true;
      await load;
      expect(statuses.length).toBeGreaterThan(20);
      expect(new Set(statuses)).toEqual(new Set([200]));
      await Promise.all([standing.close(), short.close()]);
    }, 60_000);

    it('keeps the one it has over a pair that does not fit or has expired, tells of it once and takes the next good one', async () => {
      const before = await shown();
      const [other, expired] = [await authority.issue(), await authority.issue({ notAfter: YESTERDAY })];
      folder.write('gateway.key', other.key);
      await until(() => told.length === 1, RELOADED_WITHIN_MS);
      expect(told[0]).toMatchObject({ use: 'listener', outcome: 'failed' });
      expect(told[0]?.faults).toEqual(['TLS_KEY_FILE: the key does not belong to the certificate']);
      folder.writePair('gateway', expired);
      await until(() => told.length >= 2, RELOADED_WITHIN_MS);
      await sleep(2_500);
      expect(told.at(-1)?.faults).toEqual(['TLS_CERT_FILE: the certificate has expired']);
      expect(told.length).toBeLessThanOrEqual(3);
      const metrics = async (): Promise<string> => {
        const dispatcher = new Agent({ connect: { ca: authority.cert } });
        const text = await (await fetch(`${subject.gateway.url}/metrics`, { dispatcher })).text();
        const own = text
          .split('\n')
          .filter((line) => line.startsWith('genoflow_tls') || line.startsWith('genoflow_cert'))
          .join('\n');
        await dispatcher.close();
        return own;
      };
      expect(await metrics()).toContain('genoflow_tls_files_failing{certificate="listener"} 1');
      expect(await shown()).toBe(before);
      folder.writePair('gateway', other);
      await eventually(
        async () => ((await shown()) === fingerprintOf(other.cert) ? true : undefined),
        RELOADED_WITHIN_MS,
      );
      const text = await metrics();
      expect(text).toContain('genoflow_tls_files_failing{certificate="listener"} 0');
      expect(text).toMatch(/genoflow_certificate_expiry_timestamp_seconds\{certificate="listener"\} \d{10}/);
    }, 90_000);
  });

  // The last: metrics are those of the gateway that was booted last.
  it('drains: the answer under way is finished, a handshake under way holds nothing up', async () => {
    const other = await boot({ HEADERS_TIMEOUT_MS: '300000' });
    const client = await other.open();
    await until(() => other.backend.connections.length === 1);
    const silent = await RawClient.open(other.gateway.port);
    const drained = drain(other.gateway.app, 60_000);
    await silent.untilEnded();
    other.backend.last?.say(ok('{"whole":true}'));
    expect(parseAnswer(await client.untilEnded())).toMatchObject({ status: 200, body: '{"whole":true}', whole: true });
    await drained;
    client.destroy();
    silent.destroy();
    await other.close();
  });
});
