import { bootGateway, type BootedGateway } from './boot-gateway.js';
import { HostileBackend } from './hostile-backend.js';
import { parseAnswer, type RawAnswer } from './raw-answer.js';
import { RawClient } from './raw-client.js';

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
}

/** A booted gateway whose services but auth are one hostile backend, and clients that ask it over bare sockets. */
export class HostileGateway {
  private constructor(
    readonly gateway: BootedGateway,
    readonly backend: HostileBackend,
    private readonly authorization: string,
    private readonly ca: string | undefined,
  ) {}

  /** `ca` where the environment has it speak TLS. */
  static async boot(environment: NodeJS.ProcessEnv = {}, ca?: string): Promise<HostileGateway> {
    const backend = await new HostileBackend().start();
    const gateway = await bootGateway(
      {
        DATA_INGESTION_SERVICE_URL: backend.url,
        QC_SERVICE_URL: backend.url,
        EXECUTION_SERVICE_URL: backend.url,
        RESULTS_SERVICE_URL: backend.url,
        MONITORING_SERVICE_URL: backend.url,
        RATE_LIMIT_PER_MINUTE: '100000',
        RATE_LIMIT_BURST: '100000',
        ...environment,
      },
      ca,
    );
    const { authorization } = await gateway.login();
    return new HostileGateway(gateway, backend, authorization, ca);
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.backend.close();
  }

  /** A client that has sent this; the gateway closes after its answer. */
  async open(question: Question = {}): Promise<RawClient> {
    const { method = 'GET', path = '/api/v1/qc/results/qc_1', version = '1.1', fields = [], body = '' } = question;
    const head = [
      `${method} ${path} HTTP/${version}`,
      'Host: gateway',
      `Authorization: ${this.authorization}`,
      'Connection: close',
      ...fields,
    ];
    const client = await RawClient.open(this.gateway.port, this.ca);
    return client.send(`${head.join('\r\n')}\r\n\r\n${body}`);
  }

  /** Asks and waits until the gateway has closed; undefined where no head came. */
  async ask(question: Question = {}): Promise<RawAnswer | undefined> {
    return finalAnswer(await this.open(question), question.method);
  }

  /** An upload of which so much has been sent. */
  upload(fields: readonly string[], body = ''): Promise<RawClient> {
    return this.open({
      method: 'POST',
      path: '/api/v1/ingestion/upload?sample_id=S1&file_name=a.fastq',
      fields: ['Content-Type: application/octet-stream', ...fields],
      body,
    });
  }
}

/** What a client has got by the time the gateway closed. */
export async function finalAnswer(client: RawClient, method = 'GET'): Promise<RawAnswer | undefined> {
  const answer = parseAnswer(await client.untilEnded(), method);
  client.destroy();
  return answer;
}

/** A whole answer of 200. */
export const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

export const codeOf = (answer: RawAnswer | undefined): string | undefined =>
  /"code":"(\w+)"/.exec(answer?.body ?? '')?.[1];

/** The values of a field, in order. */
export const field = (answer: RawAnswer | undefined, name: string): string[] =>
  [...(answer?.head ?? '').matchAll(new RegExp(`^${name}: *(.*)$`, 'gim'))].map(([, value]) => (value ?? '').trim());
