import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BackendsSettings, IdentitySettings } from '../kernel/config/settings.js';
import { backendsProcessChanged } from '../kernel/events.js';
import { SERVICE_NAMES, type ServiceName } from '../kernel/services.js';
import { answerKeyQuestions } from './answer-key-questions.js';
import { StartError } from './start-error.js';

const ENTRY = fileURLToPath(new URL('../backends/main.js', import.meta.url));
const READY_TIMEOUT_MS = 60_000;
const RESTART_DELAY_MS = 500;
const MAX_RESTART_DELAY_MS = 10_000;
/** A life shorter than this counts as a failed start and lengthens the next delay. */
const SOUND_LIFE_MS = 30_000;

export type ServiceUrls = Readonly<Record<ServiceName, string>>;

type ChildMessage = { readonly type: 'ready'; readonly urls: ServiceUrls } | { readonly type: 'gateway-keys-wanted' };

/**
 * The reference backends in a child process of the gateway, spoken to over loopback HTTP like any other backend. The
 * child ends by itself when its channel to the gateway closes, so it outlives no kill -9; when the child dies it is
 * started again on the same ports, so that addresses once given stay right.
 */
export class EmbeddedBackends {
  #child: ChildProcess | undefined;
  #ports: string | undefined;
  #stopping = false;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;

  constructor(
    private readonly backends: BackendsSettings,
    private readonly identity: IdentitySettings,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** Starts the child and waits until every service listens; rejects when that takes over a minute. */
  async start(): Promise<ServiceUrls> {
    const urls = await this.#launch();
    this.#ports = JSON.stringify(
      Object.fromEntries(SERVICE_NAMES.map((name) => [name, Number(new URL(urls[name]).port)])),
    );
    backendsProcessChanged.publish({ change: 'ready' });
    return urls;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }

  #launch(): Promise<ServiceUrls> {
    const child = fork(ENTRY, ['all'], {
      env: this.#childEnvironment(),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // A group of its own: Ctrl-C must reach the gateway alone, which still needs its backends while it drains.
      detached: true,
    });
    const startedAt = process.uptime();
    this.#child = child;
    if (this.identity.signingKeys !== undefined) answerKeyQuestions(child, this.identity.signingKeys);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new StartError('The embedded backends did not start within 60 s.'));
      }, READY_TIMEOUT_MS);
      child.on('message', (message: ChildMessage) => {
        if (message.type !== 'ready') return;
        clearTimeout(timer);
        resolve(message.urls);
      });
      child.once('exit', () => {
        clearTimeout(timer);
        reject(new StartError('The embedded backends ended while they started; their messages are above.'));
        this.#onExit((process.uptime() - startedAt) * 1_000);
      });
    });
  }

  #onExit(lifeMs: number): void {
    backendsProcessChanged.publish({ change: 'exited' });
    if (this.#stopping || this.#ports === undefined) return;
    this.#failures = lifeMs < SOUND_LIFE_MS ? this.#failures + 1 : 0;
    const delay = Math.min(MAX_RESTART_DELAY_MS, RESTART_DELAY_MS * 2 ** this.#failures);
    this.#restart = setTimeout(() => {
      backendsProcessChanged.publish({ change: 'restarting' });
      this.#launch().then(
        () => {
          backendsProcessChanged.publish({ change: 'ready' });
        },
        // Its exit has been seen by #onExit, which tries again.
        () => undefined,
      );
    }, delay);
  }

  #childEnvironment(): NodeJS.ProcessEnv {
    const { JWT_SECRET: _jwtSecret, JWT_KEYS_FILE: _keysFile, ...unsigned } = this.environment;
    const { PORT: _port, HOST: _host, REDIS_URL: _redisUrl, GATEWAY_JWKS_URL: _jwksUrl, ...rest } = unsigned;
    return {
      ...rest,
      HOST: '127.0.0.1',
      DATA_DIR: this.backends.dataDir,
      IDENTITY_SECRET: this.identity.identitySecret,
      ...(this.identity.signingKeys === undefined ? {} : { GATEWAY_JWKS_URL: 'ipc:' }),
      ...(this.#ports === undefined ? {} : { BACKEND_PORTS: this.#ports }),
    };
  }
}
