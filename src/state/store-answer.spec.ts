import { MessageChannel } from 'node:worker_threads';
import { answerWithin, isRefusal, StoreSilent } from './store-answer.js';

describe('answerWithin', () => {
  it('gives the answer, or its failure, or StoreSilent', async () => {
    expect(await answerWithin(Promise.resolve(1), 1_000)).toBe(1);
    await expect(answerWithin(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
    await expect(answerWithin(new Promise(() => undefined), 10)).rejects.toBeInstanceOf(StoreSilent);
  });

  it('takes an answer that waits to be read when a process that stood still goes on', async () => {
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => port2.once('message', resolve));
    const taken = answerWithin(answer, 50);
    // From here the event loop goes to its timers first.
    setImmediate(() => {
      const begun = performance.now();
      while (performance.now() - begun < 150);
      port1.postMessage('late');
    });
    expect(await taken).toBe('late');
    port1.close();
  });

  it('tells a refusal from what may have been done', () => {
    expect(isRefusal(Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' }))).toBe(true);
    expect(isRefusal(new StoreSilent())).toBe(false);
    expect(isRefusal('OOM')).toBe(false);
  });
});
