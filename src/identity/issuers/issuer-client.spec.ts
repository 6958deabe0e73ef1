import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { DISCOVERY_PATH, KEYS_PATH, ScriptedIssuer } from '../../../test/support/scripted-issuer.js';
import { IssuerClient, IssuerFault } from './issuer-client.js';

describe('IssuerClient', () => {
  let issuer: ScriptedIssuer;
  const client = new IssuerClient(new HttpService(axios.create()));
  const stop = new AbortController();

  beforeEach(async () => {
    issuer = await new ScriptedIssuer().start();
  });
  afterEach(() => issuer.close());

  const fetchKeys = (url = issuer.url): Promise<unknown> => client.fetchKeys(url, stop.signal);
  const discovery = (changes: object): void => {
    const document = { issuer: issuer.url, jwks_uri: `${issuer.url}${KEYS_PATH}`, ...changes };
    issuer.answers.set(DISCOVERY_PATH, (response) => response.end(JSON.stringify(document)));
  };

  it('finds the keys by discovery', async () => {
    expect(await fetchKeys()).toEqual({ keys: issuer.published.map(({ publicJwk }) => publicJwk) });
    expect(issuer.seen).toEqual([DISCOVERY_PATH, KEYS_PATH]);
  });

  it('asks under the path of the issuer, with or without a slash at its end', async () => {
    const url = `${issuer.url}/realms/genomics`;
    issuer.answers.set(`/realms/genomics${DISCOVERY_PATH}`, (response) => {
      response.end(JSON.stringify({ issuer: `${url}/`, jwks_uri: `${issuer.url}${KEYS_PATH}` }));
    });
    expect(await fetchKeys(`${url}/`)).toHaveProperty('keys');
    await expect(fetchKeys(url)).rejects.toThrow('another issuer');
  });

  it.each([
    ['of another issuer', { issuer: 'https://other.example' }, 'another issuer'],
    ['without an issuer', { issuer: undefined }, 'form'],
    ['without jwks_uri', { jwks_uri: undefined }, 'form'],
    ['with plain http elsewhere', { jwks_uri: 'http://keys.example/keys' }, 'https'],
    ['with a file for keys', { jwks_uri: 'file:///etc/passwd' }, 'https'],
    ['with a password', { jwks_uri: 'https://u:p@keys.example/keys' }, 'https'],
    ['with no URL', { jwks_uri: 'keys' }, 'https'],
  ])('refuses a discovery document %s, and asks nobody further', async (_, changes, fault) => {
    discovery(changes);
    await expect(fetchKeys()).rejects.toThrow(fault);
    expect(issuer.keyFetches).toBe(0);
  });

  it.each([
    ['a redirect', (path: string) => ({ status: 302, headers: { location: `http://127.0.0.1:1${path}` }, body: '' })],
    ['an error', () => ({ status: 500, headers: {}, body: '{"keys":[]}' })],
    ['no JSON', () => ({ status: 200, headers: {}, body: '<html>' })],
    ['a list', () => ({ status: 200, headers: {}, body: '[]' })],
    ['too much', () => ({ status: 200, headers: {}, body: JSON.stringify({ keys: [], pad: 'x'.repeat(300_000) }) })],
    ['101 keys', () => ({ status: 200, headers: {}, body: JSON.stringify({ keys: Array(101).fill({ kty: 'RSA' }) }) })],
  ])('refuses %s in place of the keys', async (_, make) => {
    const { status, headers, body } = make(KEYS_PATH);
    issuer.answers.set(KEYS_PATH, (response) => response.writeHead(status, headers).end(body));
    await expect(fetchKeys()).rejects.toThrow(IssuerFault);
    expect(issuer.keyFetches).toBe(1);
  });

  it('follows no redirect of the discovery document', async () => {
    issuer.answers.set(DISCOVERY_PATH, (response) => {
      response.writeHead(302, { location: `${issuer.url}${KEYS_PATH}` }).end();
    });
    await expect(fetchKeys()).rejects.toThrow(IssuerFault);
    expect(issuer.keyFetches).toBe(0);
  });

  it('waits no longer than 3 s for an answer that drips', async () => {
    let drip: NodeJS.Timeout | undefined;
    issuer.answers.set(KEYS_PATH, (response) => {
      response.writeHead(200);
      drip = setInterval(() => response.write(' '), 100);
    });
    const begun = performance.now();
    await expect(fetchKeys()).rejects.toThrow(IssuerFault);
    clearInterval(drip);
    expect(performance.now() - begun).toBeGreaterThan(2_500);
  }, 15_000);

  it('lets nothing of an answer into what it says of it', async () => {
    issuer.answers.set(KEYS_PATH, (response) => response.end('s3cr3t'));
    const fault = await fetchKeys().catch((error: unknown) => error as Error);
    expect((fault as Error).message).not.toContain('s3cr3t');
  });
});
