import { BuiltGateway } from '../support/built-gateway.js';
import { RawClient } from '../support/raw-client.js';

describe('a client that resets its connection after CONNECT', () => {
  it('does not end the gateway', async () => {
    const gateway = await new BuiltGateway().start();
    try {
      for (let turn = 0; turn < 50; turn += 1) {
        const client = await RawClient.open(gateway.port);
        client.send('CONNECT lab:443 HTTP/1.1\r\nHost: lab:443\r\n\r\n');
        if (turn % 2 === 0) await client.receive(/405/);
        client.send('more').reset();
      }
      expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    } finally {
      await gateway.close();
    }
  }, 90_000);
});
