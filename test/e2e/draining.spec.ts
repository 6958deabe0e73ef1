import { setTimeout as sleep } from 'node:timers/promises';
import { drain } from '../../src/boot/drain.js';
import { bootGateway } from '../support/boot-gateway.js';
import { eventually } from '../support/built-gateway.js';

describe('draining', () => {
  it('finishes the answer under way, takes no new connection and says that it is not ready', async () => {
    const gateway = await bootGateway();
    try {
      const headers = await gateway.login();
      let begun = false;
      gateway.backends.handle = (_request, response) => {
        begun = true;
        void sleep(800).then(() => response.end('{"whole":true}'));
      };
      const running = fetch(`${gateway.url}/api/v1/monitoring/metrics`, { headers });
      await eventually(() => (begun ? true : undefined));
      const drained = drain(gateway.app, 10_000);
      const answer = await running;
      expect([answer.status, await answer.text()]).toEqual([200, '{"whole":true}']);
      expect(answer.headers.get('connection')).toBe('close');
      await drained;
      await expect(fetch(`${gateway.url}/health/live`)).rejects.toThrow();
    } finally {
      await gateway.close();
    }
  });

  it('cuts off what is left after its time', async () => {
    const gateway = await bootGateway();
    try {
      const headers = await gateway.login();
      let begun = false;
      gateway.backends.handle = (_request, response) => {
        begun = true;
        response.writeHead(200).write('{');
      };
      const response = await fetch(`${gateway.url}/api/v1/monitoring/metrics`, { headers });
      expect(begun).toBe(true);
      await drain(gateway.app, 200);
      await expect(response.text()).rejects.toThrow();
    } finally {
      await gateway.close();
    }
  });
});
