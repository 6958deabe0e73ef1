import { finalAnswer, HostileGateway } from '../support/hostile-gateway.js';
import { parseAnswer } from '../support/raw-answer.js';
import type { RawClient } from '../support/raw-client.js';
import { until } from '../support/until.js';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const EVENTS = '/api/v1/execution/jobs/job_1/events';
let subject: HostileGateway;

beforeAll(async () => {
  subject = await HostileGateway.boot({ UPSTREAM_TIMEOUT_MS: '500', UPSTREAM_IDLE_TIMEOUT_MS: '500' });
});
afterAll(() => subject.close());
beforeEach(() => {
  subject.backend.reset();
  subject.backend.answer = (connection) => {
    connection.say(HEAD);
  };
});

function event(text: string): void {
  subject.backend.last?.say(`${text.length.toString(16)}\r\n${text}\r\n`);
}
const bodyOf = (client: RawClient): string | undefined => parseAnswer(client.received)?.body;

describe('an event stream', () => {
  it('is open to the client before there is an event', async () => {
    const client = await subject.open({ path: EVENTS });
    await client.receive(/\r\n\r\n/);
    expect(parseAnswer(client.received)).toMatchObject({ status: 200, body: '' });
    client.destroy();
  });

  it('passes event by event, each before the next is sent, and comments too', async () => {
    const client = await subject.open({ path: EVENTS });
    let sent = '';
    await until(() => subject.backend.connections.length === 1);
    for (const text of [
      'id: 1\ndata: {"percent":1}\n\n',
      ': still there\n\n',
      'id: 2\nevent: end\ndata: {}\n\n',
      '\n',
    ]) {
      sent += text;
      event(text);
      await until(() => bodyOf(client) === sent);
    }
    subject.backend.last?.say('0\r\n\r\n');
    expect(await finalAnswer(client)).toMatchObject({ body: sent, whole: true });
  });

  it('may be silent for longer than another answer, and last longer than any deadline', async () => {
    const client = await subject.open({ path: EVENTS });
    await until(() => subject.backend.connections.length === 1);
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      event(text);
    }
    await until(() => bodyOf(client) === 'data: 1\n\ndata: 2\n\n');
    expect(client.ended).toBe(false);
    client.destroy();
  });

  it('is told apart from another answer: that is broken off when it falls silent', async () => {
    const client = await subject.open({ path: '/api/v1/execution/jobs/job_1/logs' });
    await client.receive(/\r\n\r\n/);
    expect(await finalAnswer(client)).toMatchObject({ status: 200, whole: false });
  });

  it('has its backend cut off when the client goes', async () => {
    const client = await subject.open({ path: EVENTS });
    await client.receive(/\r\n\r\n/);
    client.end();
    await until(() => subject.backend.last?.closed === true);
    client.destroy();
  });

  it('carries the id of the last event back on a new connection', async () => {
    const client = await subject.open({ path: EVENTS, fields: ['Last-Event-ID: 42'] });
    await client.receive(/\r\n\r\n/);
    expect(subject.backend.last?.head).toMatch(/^last-event-id: 42$/im);
    client.destroy();
  });
});
