import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { attemptFinished, tlsFilesRead, type AttemptFinished } from '../../src/kernel/events.js';
import { NameResolver } from '../../src/upstream/discovery/name-resolver.js';
import { UpstreamTls } from '../../src/upstream/upstream-tls.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { PemFolder, TestAuthority, YESTERDAY, type TestCertificate } from '../support/certificates.js';
import { hasTool } from '../support/external-tool.js';
import { freePort } from '../support/free-port.js';
import { plainServer, TlsBackend } from '../support/tls-backend.js';
import { until } from '../support/until.js';

const RELOADED_WITHIN_MS = 20_000;
const PATH = '/api/v1/qc/results/qc_1';

describe('backends over TLS', () => {
  const folder = new PemFolder();
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let certificate: TestCertificate;
  let gateway: BootedGateway | undefined;
  let headers: { authorization: string };
  const opened: TlsBackend[] = [];

  const backend = async (...options: ConstructorParameters<typeof TlsBackend>): Promise<TlsBackend> => {
    const one = await new TlsBackend(...options).start();
    opened.push(one);
    return one;
  };
  const boot = async (qcUrl: string, environment: NodeJS.ProcessEnv = {}): Promise<BootedGateway> => {
    gateway = await bootGateway({
      QC_SERVICE_URL: qcUrl,
      UPSTREAM_CA_FILE: folder.path('ca.crt'),
      UPSTREAM_CERT_FILE: folder.path('client.crt'),
      UPSTREAM_KEY_FILE: folder.path('client.key'),
      RATE_LIMIT_PER_MINUTE: '100000',
      RATE_LIMIT_BURST: '100000',
      ...environment,
    });
    headers = await gateway.login();
    return gateway;
  };
  const ask = async (init: RequestInit = {}, path = PATH): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${gateway?.url}${path}`, { ...init, headers: { ...headers, ...init.headers } });
    return { status: response.status, text: await response.text() };
  };
  const reloaded = (): Promise<void> =>
    new Promise((resolve) => {
      const end = tlsFilesRead.subscribe(({ use, outcome }) => {
        if (use !== 'upstream' || outcome !== 'changed') return;
        end();
        resolve();
      });
    });

  beforeAll(async () => {
    [authority, stranger] = [await TestAuthority.create(), await TestAuthority.create('Stranger')];
    certificate = await authority.issue();
  });
  beforeEach(async () => {
    folder.write('ca.crt', authority.cert);
    folder.writePair('client', await authority.issue({ names: ['gateway-1'] }));
  });
  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  afterAll(() => {
    folder.remove();
  });

  it('see our certificate, in calls and in health probes, and on resumed sessions too', async () => {
    const service = await backend({ ...certificate, ca: authority.cert, requestCert: true, rejectUnauthorized: true });
    await boot(service.url);
    expect(await ask()).toEqual({ status: 200, text: '{"secure":true}' });
    expect(await ask()).toMatchObject({ status: 200 });
    service.cut();
    expect(await ask()).toMatchObject({ status: 200 });
    expect(service.calls.map(({ client, protocol }) => [client, protocol])).toEqual(
      Array.from({ length: 3 }, () => ['gateway-1', 'TLSv1.3']),
    );
    expect(service.calls.map(({ isResumed }) => isResumed)).toEqual([false, false, true]);
    await until(() => service.probes.length > 0);
    expect(new Set(service.probes.map(({ client }) => client))).toEqual(new Set(['gateway-1']));
  });

  const OTHERS: readonly [string, () => Promise<ConstructorParameters<typeof TlsBackend>[0]>][] = [
    ['for another name', () => authority.issue({ names: ['other.example', '127.0.0.2'] })],
    ['that has expired', () => authority.issue({ notAfter: YESTERDAY })],
    ['of an authority we do not trust', () => stranger.issue()],
    ['and TLS 1.1 only', async () => ({ ...(await authority.issue()), ...OLD_TLS })],
  ];
  const OLD_TLS = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;

  const unreachable = (text: string): void => {
    expect(JSON.parse(text)).toMatchObject({ code: 'upstream_unreachable', status: 502 });
    expect(text).not.toMatch(/certificate|ssl|tls|127\.0\.0|other\.example|altname|issuer|expired/i);
  };

  it.each(OTHERS)(
    'with a certificate %s are unreachable, told nothing and counted by the breaker',
    async (_, options) => {
      const service = await backend(await options());
      await boot(service.url, { HEALTH_INTERVAL_MS: '300000' });
      const attempts: AttemptFinished[] = [];
      const end = attemptFinished.subscribe((attempt) => attempts.push(attempt));
      const { status, text } = await ask(
        {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"sample_id":"S1","upload_id":"upl_1"}',
        },
        '/api/v1/qc/analyze',
      );
      expect(status).toBe(502);
      unreachable(text);
      expect(service.calls).toEqual([]);
      expect(attempts.filter(({ operation }) => operation.startsWith('qc'))[0]).toMatchObject({
        error: 'upstream_unreachable',
      });
      let last = '';
      for (let asked = 0; asked < 6 && !last.includes('breaker_open'); asked += 1) last = (await ask()).text;
      expect(last).toContain('"breaker_open"');
      expect(service.calls).toEqual([]);
      end();
    },
  );

  it('that speak plain HTTP where TLS is expected are unreachable and see no part of a request', async () => {
    let heard = Buffer.alloc(0);
    const server = await plainServer((socket, data) => {
      heard = Buffer.concat([heard, data]);
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    await boot(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { status, text } = await ask();
    expect(status).toBe(502);
    unreachable(text);
    expect(heard.toString('latin1')).not.toMatch(/GET |qc_1|x-user/i);
    server.close();
  });

  it('that will not have our certificate answer nothing and get no part of a body', async () => {
    const service = await backend({ ...certificate, ca: stranger.cert, requestCert: true, rejectUnauthorized: true });
    await boot(service.url);
    const { status, text } = await ask();
    expect(status).toBe(502);
    expect(JSON.parse(text)).toMatchObject({ code: expect.stringMatching(/^upstream_(unreachable|reset)$/) as string });
    expect(service.calls).toEqual([]);
  });

  (hasTool('openssl') ? it : it.skip)(
    'that refuse our certificate by an alert are unreachable, though we had sent',
    async () => {
      const port = await freePort();
      const files = folder.writePair('service', certificate);
      const args = ['-accept', `127.0.0.1:${port}`, '-cert', files.cert, '-key', files.key, '-Verify', '1'];
      const trusted = folder.write('stranger.crt', stranger.cert);
      const server = spawn('openssl', ['s_server', ...args, '-verify_return_error', '-CAfile', trusted, '-quiet']);
      let heard = '';
      server.stdout.on('data', (data: Buffer) => (heard += data.toString()));
      try {
        await boot(`https://127.0.0.1:${port}`, { HEALTH_INTERVAL_MS: '300000' });
        await sleep(300);
        const { status, text } = await ask();
        expect(status).toBe(502);
        unreachable(text);
        expect(heard).not.toMatch(/GET |qc_1/);
      } finally {
        server.kill();
      }
    },
  );

  it('are verified by the system’s roots where no file says whom to trust, whatever Node was told to skip', async () => {
    const service = await backend(certificate);
    await boot(service.url, { UPSTREAM_CA_FILE: '' });
    unreachable((await ask()).text);
    await until(() => service.connections > 1);
    expect([service.calls, service.probes]).toEqual([[], []]);
    // NODE_TLS_REJECT_UNAUTHORIZED is only the default of this option.
    const tls = gateway?.app.get(UpstreamTls);
    const target = { origin: service.url, basePath: '' };
    expect(tls?.optionsFor(target)).toMatchObject({ rejectUnauthorized: true });
    expect(tls?.agentFor(target).options).toMatchObject({ rejectUnauthorized: true });
  });

  it('found by a name have to show a certificate for that name, and are told it', async () => {
    const named = await authority.issue({ names: ['localhost'] });
    const service = await backend(named);
    await boot(`dns+https://localhost:${service.port}`);
    expect(await ask()).toMatchObject({ status: 200 });
    expect(service.calls[0]).toMatchObject({ serverName: 'localhost' });
    service.use(await authority.issue({ names: ['127.0.0.1'] }));
    service.cut();
    unreachable((await ask()).text);
  });

  it('found by a service record have to show the name that was asked for', async () => {
    const service = await backend(await authority.issue({ names: ['qc.lab.example'] }));
    const resolve = jest.spyOn(NameResolver.prototype, 'resolve').mockImplementation(() =>
      Promise.resolve({
        targets: [{ origin: `https://localhost:${service.port}`, basePath: '', serverName: 'qc.lab.example' }],
        ttlMs: 60_000,
      }),
    );
    await boot('srv+https://_http._tcp.qc.lab.example');
    resolve.mockRestore();
    expect(await ask()).toMatchObject({ status: 200 });
    expect(service.calls[0]).toMatchObject({ serverName: 'qc.lab.example' });
    await until(() => service.probes.length > 0);
    expect(service.probes[0]).toMatchObject({ serverName: 'qc.lab.example' });
  });

  it('get our renewed certificate on new connections, and no call is lost over it', async () => {
    const service = await backend({ ...certificate, ca: authority.cert, requestCert: true, rejectUnauthorized: true });
    await boot(service.url);
    const statuses: number[] = [];
    let isOver = false;
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!isOver) statuses.push((await ask()).status);
      }),
    );
    const changed = reloaded();
    folder.writePair('client', await authority.issue({ names: ['gateway-2'] }));
    await changed;
    await sleep(300);
    isOver = true;
    await load;
    expect(statuses.length).toBeGreaterThan(50);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const clients = service.calls.map(({ client }) => client);
    expect(new Set(clients)).toEqual(new Set(['gateway-1', 'gateway-2']));
    expect(clients.slice(-8)).toEqual(Array.from({ length: 8 }, () => 'gateway-2'));
  }, 60_000);

  it(
    'whose authority is trusted no more are refused, on pooled connections and resumed sessions too',
    async () => {
      const service = await backend(certificate);
      await boot(service.url, { HEALTH_INTERVAL_MS: '300000' });
      expect(await ask()).toMatchObject({ status: 200 });
      const changed = reloaded();
      folder.write('ca.crt', stranger.cert);
      await changed;
      unreachable((await ask()).text);
      expect(service.calls).toHaveLength(1);
      service.use(await stranger.issue());
      expect(await ask()).toMatchObject({ status: 200 });
    },
    RELOADED_WITHIN_MS + 30_000,
  );
});
