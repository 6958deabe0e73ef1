import { SystemClock } from '../kernel/clock.js';
import { SYSTEM_TLS } from '../kernel/tls/tls-files.js';
import { readRedisTarget } from './redis-target.js';
import { RedisTls } from './redis-tls.js';

const NO_ACCESS = { username: undefined, password: undefined };

describe('readRedisTarget', () => {
  it.each([
    [
      'redis://localhost',
      { kind: 'single', addresses: [{ host: 'localhost', port: 6379 }], ...NO_ACCESS, tls: false, database: 0 },
    ],
    [
      'rediss://app:p%40ss@cache:6380/3',
      {
        kind: 'single',
        addresses: [{ host: 'cache', port: 6380 }],
        username: 'app',
        password: 'p@ss',
        tls: true,
        database: 3,
      },
    ],
    [
      'redis+cluster://[::1]:7000,b:7001?tls=true',
      {
        kind: 'cluster',
        addresses: [
          { host: '::1', port: 7000 },
          { host: 'b', port: 7001 },
        ],
        ...NO_ACCESS,
        tls: true,
      },
    ],
    [
      'redis+sentinel://:pw@s1,s2:26380/primary?db=2&sentinel_password=x',
      {
        kind: 'sentinel',
        addresses: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 26380 },
        ],
        username: undefined,
        password: 'pw',
        tls: false,
        master: 'primary',
        database: 2,
        sentinelPassword: 'x',
      },
    ],
  ])('reads %s', (url, target) => {
    expect(readRedisTarget(url)).toEqual(target);
  });

  it.each([
    'http://localhost',
    'redis://',
    'redis://a,b',
    'redis://a:99999',
    'redis://a:0',
    'redis://a/first',
    'redis+cluster://a:1,,b:2',
    'redis://:secret%zz@a',
  ])('refuses %s without repeating it', (url) => {
    let message = '';
    try {
      readRedisTarget(url);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^REDIS_URL: /);
    expect(message).not.toContain(url.slice(8) || '://');
  });
});

describe('RedisTls', () => {
  const tls = new RedisTls('redis', SYSTEM_TLS, new SystemClock());

  it('always verifies, and tells a single server by which name it was reached', () => {
    const optionsOf = (url: string) => tls.optionsFor(readRedisTarget(url));
    expect(optionsOf('rediss://cache:6380')).toMatchObject({ rejectUnauthorized: true, servername: 'cache' });
    for (const url of ['rediss://10.0.0.1', 'redis+cluster://a,b?tls=true', 'redis+sentinel://a/main?tls=true']) {
      expect(optionsOf(url)).toMatchObject({ rejectUnauthorized: true });
      expect(optionsOf(url)).not.toHaveProperty('servername');
    }
  });
});
