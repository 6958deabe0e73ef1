import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Agent, fetch } from 'undici';
import { createGateway } from '../../src/boot/create-gateway.js';
import { drain } from '../../src/boot/drain.js';
import { loadSettings } from '../../src/kernel/config/load-settings.js';
import { schemeOf } from '../../src/kernel/config/settings.js';
import { SERVICE_URL_VARIABLES } from '../../src/kernel/services.js';
import { ScriptedBackends } from './scripted-backends.js';

export interface BootedGateway {
  readonly app: NestExpressApplication;
  readonly backends: ScriptedBackends;
  readonly url: string;
  readonly port: number;
  /** Logs a scripted user in and gives the Authorization field of the session. */
  login(username?: string): Promise<{ authorization: string }>;
  close(): Promise<void>;
}

/**
 * The whole gateway in this process on a free port, in front of a scripted backends that plays every service. `ca` is whom its
 * own certificate is from, where the environment has it speak TLS.
 */
export async function bootGateway(environment: NodeJS.ProcessEnv = {}, ca?: string): Promise<BootedGateway> {
  const backends = await new ScriptedBackends().start();
  const dataDir = mkdtempSync(join(tmpdir(), 'genoflow-test-'));
  const urls = Object.fromEntries(Object.values(SERVICE_URL_VARIABLES).map((name) => [name, backends.url]));
  const settings = loadSettings({ NODE_ENV: 'test', LOG_LEVEL: 'silent', DATA_DIR: dataDir, ...urls, ...environment });
  const app = await createGateway(settings);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `${schemeOf(settings)}://127.0.0.1:${port}`;
  return {
    app,
    backends,
    url,
    port,
    login: (username = 'admin') => login(url, username, ca),
    close: async () => {
      await drain(app, 0);
      await backends.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function login(url: string, username: string, ca: string | undefined): Promise<{ authorization: string }> {
  const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
  const response = await fetch(`${url}/auth/login`, {
    dispatcher,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: 'a-good-password' }),
  });
  if (response.status !== 200) throw new Error(`login answered ${response.status}: ${await response.text()}`);
  const { access_token: token } = (await response.json()) as { access_token: string };
  await dispatcher.close();
  return { authorization: `Bearer ${token}` };
}
