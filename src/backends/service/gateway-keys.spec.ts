import { testKey, type TestKey } from '../../../test/support/token-builders.js';
import { COOLDOWN_MS, GatewayKeys, REFRESH_MS, USABLE_MS } from './gateway-keys.js';
import { createLog } from './log.js';

const [OLD, NEXT] = [testKey('old', 'ES256'), testKey('next', 'EdDSA')];
const INVALID = { status: 401, code: 'identity_invalid' };
const UNAVAILABLE = { status: 503, code: 'gateway_keys_unavailable', headers: { 'retry-after': '2' } };

describe('the gateway’s keys', () => {
  let now: number;
  let readings: number;
  let source: () => Promise<string>;
  let keys: GatewayKeys;

  const publish = (...list: readonly TestKey[]): void => {
    source = () => Promise.resolve(JSON.stringify({ keys: list.map(({ publicJwk }) => publicJwk) }));
  };
  const away = (): void => {
    source = () => Promise.reject(new Error('away'));
  };
  const find = ({ algorithm: alg, kid }: TestKey): Promise<unknown> => keys.find({ alg, kid });
  const background = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    now = 1_700_000_000_000;
    readings = 0;
    publish(OLD);
    const read = (): Promise<string> => {
      readings += 1;
      return source();
    };
    const wait = (milliseconds: number): Promise<void> => {
      now += milliseconds;
      return Promise.resolve();
    };
    keys = new GatewayKeys(read, { now: () => now }, createLog('silent'), wait);
  });

  it('are read when the first token needs them, once for all that come together', async () => {
    expect(readings).toBe(0);
    await Promise.all([find(OLD), find(OLD), find(OLD)]);
    expect([readings, keys.version]).toEqual([1, 1]);
  });

  it('are unavailable, not invalid, until the gateway has answered, and asked for once in the cooldown', async () => {
    away();
    const began = now;
    for (let turn = 0; turn < 5; turn += 1) await expect(find(OLD)).rejects.toMatchObject(UNAVAILABLE);
    expect([readings, now - began]).toEqual([5, 4 * COOLDOWN_MS]);
    publish(OLD);
    await find(OLD);
    expect(readings).toBe(6);
  });

  it('are read again for an unknown kid, however many come, once in the cooldown', async () => {
    await find(OLD);
    const made = (turn: number): Promise<unknown> => keys.find({ alg: 'ES256', kid: `made-up-${turn}` });
    const began = now;
    const refused = await Promise.allSettled(Array.from({ length: 50 }, (_, turn) => made(turn)));
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    expect([readings, now - began]).toEqual([2, COOLDOWN_MS]);
    await expect(made(0)).rejects.toMatchObject(INVALID);
    expect([readings, now - began]).toEqual([3, 2 * COOLDOWN_MS]);
  });

  it('that are newer than the last reading are waited for, though it was a moment ago', async () => {
    await find(OLD);
    publish(NEXT, OLD);
    await find(NEXT);
    expect([readings, keys.version]).toEqual([2, 2]);
  });

  it('that are newer than an answer on its way are read by another', async () => {
    let answer: (text: string) => void = () => undefined;
    source = () => new Promise((resolve) => (answer = resolve));
    const first = find(OLD);
    await background();
    const second = find(NEXT);
    await background();
    publish(NEXT, OLD);
    answer(JSON.stringify({ keys: [OLD.publicJwk] }));
    await Promise.all([first, second]);
    expect(readings).toBe(2);
  });

  it('are read in the background once they are a minute old: one that was taken away goes', async () => {
    await find(OLD);
    publish(NEXT);
    now += REFRESH_MS;
    await find(OLD);
    await background();
    expect(readings).toBe(2);
    await expect(find(OLD)).rejects.toMatchObject(INVALID);
    await find(NEXT);
  });

  it('stay good for a day while the gateway is away, and no longer', async () => {
    await find(OLD);
    away();
    now += USABLE_MS - 1;
    await find(OLD);
    await background();
    await expect(find(NEXT)).rejects.toMatchObject(UNAVAILABLE);
    now += 1;
    await expect(find(OLD)).rejects.toMatchObject(UNAVAILABLE);
    publish(OLD);
    await find(OLD);
  });

  it('are read though the clock was put back', async () => {
    await find(OLD);
    now -= 86_400_000;
    publish(NEXT);
    await find(NEXT);
  });

  it('keep their version while they stay the same', async () => {
    await find(OLD);
    now += REFRESH_MS;
    await find(OLD);
    await background();
    expect([readings, keys.version]).toEqual([2, 1]);
  });

  it('are good for their own algorithm and under their own kid only', async () => {
    await expect(keys.find({ alg: 'EdDSA', kid: 'old' })).rejects.toMatchObject(INVALID);
    await expect(keys.find({ alg: 'RS256', kid: 'old' })).rejects.toMatchObject(INVALID);
    await expect(keys.find({ alg: 'ES256' })).rejects.toMatchObject(INVALID);
    await expect(keys.find({ alg: 'ES256', kid: '' })).rejects.toMatchObject(INVALID);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no JWK Set', '{"keys":{}}'],
    ['a private key', JSON.stringify({ keys: [OLD.jwk] })],
    ['a shared secret', JSON.stringify({ keys: [{ kty: 'oct', kid: 'old', k: 'AAAA', alg: 'HS256' }] })],
    ['a key without a kid', JSON.stringify({ keys: [{ ...OLD.publicJwk, kid: undefined }] })],
    ['more keys than a gateway has', JSON.stringify({ keys: Array(65).fill(OLD.publicJwk) })],
  ])('are not taken from %s', async (_what, text) => {
    source = () => Promise.resolve(text);
    await expect(find(OLD)).rejects.toMatchObject(UNAVAILABLE);
  });
});
