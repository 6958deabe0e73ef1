import { bootGateway } from '../support/boot-gateway.js';

const seenAddress = async (environment: NodeJS.ProcessEnv): Promise<string | string[] | undefined> => {
  const gateway = await bootGateway(environment);
  try {
    await fetch(`${gateway.url}/api/v1/monitoring/metrics`, {
      headers: { ...(await gateway.login()), 'x-forwarded-for': '203.0.113.9, 198.51.100.7' },
    });
    return gateway.backends.calls[0]?.headers['x-forwarded-for'];
  } finally {
    await gateway.close();
  }
};

describe('the client’s address', () => {
  it('is the peer’s unless the peer is trusted', async () => {
    expect(await seenAddress({})).toMatch(/^(::ffff:)?127\.0\.0\.1$/);
  });

  it('is the right-most one that a trusted peer did not vouch for', async () => {
    expect(await seenAddress({ TRUST_PROXY: 'loopback' })).toBe('198.51.100.7');
    expect(await seenAddress({ TRUST_PROXY: 'loopback, 198.51.100.0/24' })).toBe('203.0.113.9');
  });
});
