import { newApiKey } from '../../src/identity/api-keys/api-key-text.js';
import { stateStoreChanged, unexpectedFailure } from '../../src/kernel/events.js';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';
import { HostileRedis } from '../support/hostile-redis.js';
import { StoreClient } from '../support/store-requests.js';

const ANSWERED_WITHIN_MS = 3_000;
const REQUESTS = ['me', 'read', 'catalogue', 'refresh', 'submit', 'logout'] as const;

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const list = (...items: string[]): string => `*${items.length}\r\n${items.join('')}`;
const tenfold = (item: string): string => list(...Array.from({ length: 10 }, () => item));

const ANSWERS: readonly (readonly [string, string | Buffer | undefined])[] = [
  ['OK', '+OK\r\n'],
  ['one', ':1\r\n'],
  ['nothing', '$-1\r\n'],
  ['no list', '*-1\r\n'],
  ['an empty list', '*0\r\n'],
  ['a list of ones', tenfold(':1\r\n')],
  ['a list of nothing', tenfold('$-1\r\n')],
  ['a list of words', tenfold(bulk('admin'))],
  ['a list of lists', tenfold(tenfold(':1\r\n'))],
  [
    'an admin’s session',
    list(
      ...[
        'root',
        'Root',
        '1',
        '99999999999999',
        'A'.repeat(43),
        'A'.repeat(43),
        '["admin"]',
        'A'.repeat(43),
        '99999999999999',
        'A'.repeat(43),
      ].map(bulk),
    ),
  ],
  ['a granted token', list(':1\r\n', bulk('99999999999999'))],
  ['a level that is none', list(':1\r\n', bulk('NaN'))],
  ['a rotation', bulk('rotated')],
  ['a kept answer', bulk('"eyJzdGF0dXMiOjIwMH0="')],
  ['a running request', bulk('running f me')],
  ['a finished request', bulk('done f AAAA')],
  ['five megabytes', Buffer.from(bulk('x'.repeat(5_000_000)))],
  ['an error', '-ERR no\r\n'],
  ['a script that failed', '-ERR Error running script @user_script:1: boom\r\n'],
  ['another type', '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n'],
  ['an unknown script, whatever is sent', '-NOSCRIPT No matching script\r\n'],
  ['somewhere else', '-MOVED 1 127.0.0.1:1\r\n'],
  ['not yet', '-LOADING Redis is loading the dataset in memory\r\n'],
  ['who are you', '-NOAUTH Authentication required.\r\n'],
  ['read only', "-READONLY You can't write against a read only replica.\r\n"],
  ['two answers for one', ':1\r\n:1\r\n'],
  ['half an answer', '$100\r\nhalf'],
  ['silence', ''],
  ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['bytes', Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a])],
  ['a closed connection', undefined],
];

describe('over a Redis that answers what it likes, the gateway', () => {
  let redis: HostileRedis;
  let gateway: BootedGateway;
  let client: StoreClient;
  let available = false;
  let failures = 0;
  const ends = [
    stateStoreChanged.subscribe((change) => (available = change.available)),
    unexpectedFailure.subscribe(() => (failures += 1)),
  ];

  beforeAll(async () => {
    redis = await new HostileRedis().open();
    // Takes every guess and every session.
    redis.answer = () => list(':1\r\n');
    gateway = await bootGateway({ REDIS_URL: redis.url });
    // A good token: what its session holds is Redis's word.
    client = await new StoreClient(gateway).logIn('viewer');
  });
  afterAll(async () => {
    ends.forEach((end) => end());
    await gateway.close();
    await redis.close();
  });

  it.each(ANSWERS)('gives no access and no 500 for %s', async (_, text) => {
    await eventually(() => available || undefined, 15_000);
    redis.answer = () => text;
    const outcomes = {
      ...(await client.askAll(...REQUESTS)),
      'with an API key': await new StoreClient(gateway, { access_token: newApiKey().text, refresh_token: '' }).ask(
        'read',
      ),
    };
    for (const [request, { status, code, ms }] of Object.entries(outcomes)) {
      expect(`${request}: ${status} ${code}`).toMatch(
        /: (401 (session_ended|invalid_token)|503 state_unavailable|429 rate_limited)$/,
      );
      expect(ms).toBeLessThan(ANSWERED_WITHIN_MS);
    }
    expect(failures).toBe(0);
    expect(gateway.backends.calls).toEqual([]);
  });
});
