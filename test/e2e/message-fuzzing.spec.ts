import { exchangeClosed, unexpectedFailure } from '../../src/kernel/events.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { mutated, seededRandom } from '../support/message-mutations.js';
import { sendRaw } from '../support/raw-http.js';

/** `npm run fuzz` sets a million. */
const MESSAGES = Number(process.env.FUZZ_MESSAGES ?? 1_500);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_125);
const AT_ONCE = 64;
const SILENCE_MS = 300;
/** Behind every message, so that what was understood as a whole one need not wait for silence. */
const LAST = 'GET /health/live HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n';
const BODY = '{"sample_id":"S1","upload_id":"u1"}';
const PATHS = /^\/(?:jobs|analyze|upload|pipelines|results|metrics|download)\b/;

let gateway: BootedGateway;
let bearer: string;
const opened = new Set<string>();
const failures: unknown[] = [];
const unsubscribe = [
  exchangeClosed.subscribe(({ exchange }) => opened.add(exchange.id)),
  unexpectedFailure.subscribe(({ error }) => failures.push(error)),
];

beforeAll(async () => {
  gateway = await bootGateway({ RATE_LIMIT_PER_MINUTE: '10000000', RATE_LIMIT_BURST: '10000000' });
  gateway.backends.handle = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 }).end('{}');
  };
  bearer = (await gateway.login()).authorization;
});
afterAll(async () => {
  unsubscribe.forEach((end) => end());
  await gateway.close();
});

const request = (line: string, fields: readonly string[], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: lab', `Authorization: ${bearer}`, ...fields, '', body].join('\r\n');

/** What a smuggler hides in a body: it must never reach a backend but as bytes. */
const hidden = (): string => request('GET /api/v1/execution/jobs/SMUGGLED', []);

const seeds = (): string[] => [
  request('GET /api/v1/execution/jobs/job_1?a=b', []),
  request('HEAD /api/v1/pipelines', ['Accept: */*']),
  request('POST /api/v1/qc/analyze', ['Content-Type: application/json', `Content-Length: ${BODY.length}`], BODY),
  request(
    'POST /api/v1/qc/analyze',
    ['Content-Type: application/json', 'Transfer-Encoding: chunked'],
    `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  request(
    'POST /api/v1/ingestion/upload?sample_id=S1&file_name=a.fastq',
    ['Content-Type: application/octet-stream', `Content-Length: ${hidden().length}`],
    hidden(),
  ),
  request(
    'PATCH /api/v1/ingestion/upload/u1',
    ['Transfer-Encoding: chunked', 'Upload-Offset: 0'],
    `${hidden().length.toString(16)};x=y\r\n${hidden()}\r\n0\r\nX-T: 1\r\n\r\n`,
  ),
  request('OPTIONS *', []),
  hidden() + hidden(),
];

/** Messages between two looks at what the backend got; bounds what is remembered. */
const ROUND = 5_000;
const HEAD = /^HTTP\/1\.1 (\d{3}) [^\r\n\0]*\r\n((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*\r\n)*)\r\n/;

/** What is wrong with the answers to one message; undefined where they are whole HTTP messages without a failure. */
function faultOf(answers: string): string | undefined {
  let rest = answers;
  while (rest !== '') {
    const [head = '', status = '', fields = ''] = HEAD.exec(rest) ?? [];
    if (head === '') return 'what came is no head of an answer';
    if (Number(status) >= 500 && status !== '501') return `an answer of ${status}`;
    rest = rest.slice(head.length);
    // An answer to HEAD states a length and has none; which it is, only its sender knows.
    const length = Number(/^content-length: (\d+)\r$/im.exec(fields)?.[1] ?? 0);
    if (rest !== '' && !rest.startsWith('HTTP/1.1 ')) rest = rest.slice(length);
  }
  return undefined;
}

async function sendRound(count: number, random: () => number): Promise<void> {
  const originals = seeds();
  const faults: string[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0 && faults.length < 3) {
      left -= 1;
      const message = mutated(originals[Math.floor(random() * originals.length)] ?? '', random);
      const fault = faultOf(await sendRaw(gateway.port, Buffer.from(message + LAST, 'latin1'), SILENCE_MS));
      if (fault !== undefined) faults.push(`${fault}: ${JSON.stringify(message.replaceAll(bearer, 'Bearer ...'))}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(faults).toEqual([]);
  expect(failures).toEqual([]);
}

/** Every request at the backend is one that the gateway opened an exchange for, once, and is in the gateway's words. */
async function expectNothingSmuggled(): Promise<void> {
  const { calls } = gateway.backends;
  const ids = calls.map(({ headers }) => String(headers['x-request-id']));
  await eventually(() => (ids.every((id) => opened.has(id)) ? true : undefined));
  expect(new Set(ids).size).toBe(ids.length);
  for (const { url, headers } of calls) {
    expect(url).toMatch(PATHS);
    expect(headers['x-user-id']).toBe('usr_admin');
    expect(headers).not.toHaveProperty('x_user_id');
    expect(headers).not.toHaveProperty('authorization');
  }
}

describe(`${MESSAGES} messages with faults (seed ${SEED})`, () => {
  it(
    'cause no 5xx, no crash, and no request at a backend that the gateway does not know of',
    async () => {
      const random = seededRandom(SEED);
      let reached = 0;
      for (let sent = 0; sent < MESSAGES; sent += ROUND) {
        await sendRound(Math.min(ROUND, MESSAGES - sent), random);
        await expectNothingSmuggled();
        reached += gateway.backends.calls.length;
        gateway.backends.seen.splice(0);
        opened.clear();
      }
      expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
      expect(reached).toBeGreaterThan(MESSAGES / 20);
    },
    Math.max(60_000, MESSAGES * 5),
  );
});
