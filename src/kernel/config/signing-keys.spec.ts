import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysFile, testKey } from '../../../test/support/token-builders.js';
import { readSigningKeys } from './signing-keys.js';

const folder = mkdtempSync(join(tmpdir(), 'signing-keys-'));
const file = join(folder, 'keys.json');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const read = (content: unknown): ReturnType<typeof readSigningKeys> => {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readSigningKeys(file);
};
const [rsa, ec, ed] = [testKey('rsa', 'RS256'), testKey('ec', 'ES256'), testKey('ed', 'EdDSA')];
const withKey = (jwk: unknown): unknown => ({ keys: [ed.jwk, jwk] });
const shortKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' });
const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' });
const otherEdwards = generateKeyPairSync('ed448').privateKey.export({ format: 'jwk' });

describe('readSigningKeys', () => {
  it('reads keys of all three kinds, in their order', () => {
    const { content } = read(keysFile(rsa, ec, ed));
    expect(content?.map(({ kid, algorithm }) => [kid, algorithm])).toEqual([
      ['rsa', 'RS256'],
      ['ec', 'ES256'],
      ['ed', 'EdDSA'],
    ]);
    expect(content?.map(({ privateKey, publicKey }) => [privateKey.type, publicKey.type])).toEqual(
      Array(3).fill(['private', 'public']),
    );
  });

  it('knows the algorithm by the key where it is not stated', () => {
    const { alg: _alg, use: _use, ...bare } = ec.jwk as Record<string, unknown>;
    expect(read({ keys: [bare] }).content?.[0]).toMatchObject({ algorithm: 'ES256' });
  });

  it.each([
    ['no JSON', '{', 'cannot be read'],
    ['a list', [], 'cannot be read'],
    ['no keys', { keys: [] }, '/keys'],
    ['more than 16 keys', { keys: Array.from({ length: 17 }, (_, at) => ({ ...ed.jwk, kid: `k${at}` })) }, '/keys'],
    ['one kid twice', withKey({ ...ec.jwk, kid: 'ed' }), 'every kid must be another'],
    ['no kid', withKey({ ...ec.jwk, kid: undefined }), '/keys/1/kid'],
    ['a kid that is a path', withKey({ ...ec.jwk, kid: '../etc/passwd' }), '/keys/1/kid'],
    ['a key for encryption', withKey({ ...rsa.jwk, use: 'enc' }), '/keys/1/use'],
    ['an algorithm of another key', withKey({ ...rsa.jwk, alg: 'HS256' }), '/keys/1/alg'],
    ['a secret', withKey({ kty: 'oct', k: 'AAAA', kid: 'x' }), '/keys/1'],
    ['an RSA key of 1024 bits', withKey({ ...shortKey, kid: 'x' }), '/keys/1: must have at least 2048 bits'],
    ['another curve', withKey({ ...otherCurve, kid: 'x' }), '/keys/1/crv'],
    ['another Edwards curve', withKey({ ...otherEdwards, kid: 'x' }), '/keys/1/crv'],
    ['a public key', withKey(ec.publicJwk), '/keys/1: is not a whole private key'],
    ['halves of two keys', withKey({ ...ec.jwk, d: testKey('x', 'ES256').jwk.d }), '/keys/1: is not a whole'],
    ['a point off the curve', withKey({ ...ec.jwk, x: ed.jwk.x }), '/keys/1: is not a whole private key'],
    ['too much', `{"keys":[]}${' '.repeat(262_144)}`, 'at most 256 KiB'],
  ])('refuses %s, says where and prints no value', (_, content, what) => {
    const { faults } = read(content);
    expect(faults?.join('\n')).toContain(what);
    expect(faults?.every((fault) => fault.startsWith('JWT_KEYS_FILE: '))).toBe(true);
    for (const { jwk } of [rsa, ec, ed]) expect(faults?.join()).not.toContain(jwk.d);
    expect(faults?.join()).not.toMatch(/passwd|AAAA/);
  });

  it('refuses a file that is not there', () => {
    expect(readSigningKeys(join(folder, 'absent.json')).faults?.join()).toContain('cannot be read');
  });
});
