import { setTimeout as sleep } from 'node:timers/promises';
import { drain } from '../../src/boot/drain.js';
import { bootGateway } from '../support/boot-gateway.js';
import { BuiltGateway, eventually, isAlive } from '../support/built-gateway.js';

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

  it('follows Ctrl-C, lets the backends finish too and leaves nothing running', async () => {
    const gateway = await new BuiltGateway().start();
    try {
      const children = gateway.childPids();
      const file = Buffer.from(Array.from({ length: 400 }, (_, index) => `@r${index}/1\nACGT\n+\nIIII\n`).join(''));
      const headers = await gateway.login();
      const upload = fetch(`${gateway.url}/api/v1/ingestion/upload?sample_id=S1&file_name=S1.fastq`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': String(file.length) },
        body: new ReadableStream({
          async start(controller) {
            controller.enqueue(file.subarray(0, 2_000));
            await sleep(1_500);
            controller.enqueue(file.subarray(2_000));
            controller.close();
          },
        }),
        duplex: 'half',
      } as RequestInit);
      await sleep(500);
      const interrupted = gateway.interrupt();
      expect((await upload).status).toBe(201);
      expect(await interrupted).toBe(0);
      expect(children.filter(isAlive)).toEqual([]);
    } finally {
      await gateway.close();
    }
  }, 90_000);
});
