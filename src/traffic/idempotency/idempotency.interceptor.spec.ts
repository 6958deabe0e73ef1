import { Readable } from 'node:stream';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { defer, lastValueFrom, type Observable } from 'rxjs';
import { bodySource } from '../../../test/support/body-source.js';
import { buildExchange } from '../../../test/support/identity-builders.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { GatewayError } from '../../kernel/errors/gateway-error.js';
import { ANSWERED, type Exchange, type ResponseSink } from '../../kernel/exchange.js';
import { MAX_RECORDED_BYTES } from '../recording/recorded-answer.js';
import { IdempotencyRecords } from './idempotency-records.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { MemoryIdempotencyStore } from './memory-idempotency.store.js';

class ClientSide implements ResponseSink {
  readonly told: string[] = [];
  readonly fields: string[] = [];
  head(status: number, fields: readonly string[]): void {
    this.told.push(`head ${status}`);
    this.fields.push(...fields);
  }
  write(chunk: Buffer): boolean {
    this.told.push(chunk.length > 100 ? `${chunk.length} bytes` : chunk.toString());
    return true;
  }
  onDrain(): void {}
  end(): void {
    this.told.push('end');
  }
  abort(): void {
    this.told.push('abort');
  }
}

function open(isEnabled = true) {
  const store = new MemoryIdempotencyStore(new ManualClock());
  const records = new IdempotencyRecords(store, { answerTtlMs: 60_000, runningTtlMs: 10_000 });
  return { store, interceptor: new IdempotencyInterceptor(records, { isEnabled: () => isEnabled }) };
}

function post(
  interceptor: IdempotencyInterceptor,
  handle: (exchange: Exchange) => unknown,
  changes: Partial<Exchange> = {},
  originalUrl = '/jobs',
) {
  const client = new ClientSide();
  const exchange: Exchange = {
    ...buildExchange(),
    method: 'POST',
    route: '/jobs',
    requestHeaders: { 'idempotency-key': 'key-1' },
    body: Buffer.from('{}'),
    sink: client,
    ...changes,
  };
  const context = {
    switchToHttp: () => ({ getRequest: () => ({ exchange, originalUrl }) }),
  } as unknown as ExecutionContext;
  const next: CallHandler = { handle: () => defer(() => Promise.resolve().then(() => handle(exchange))) };
  const result = Promise.resolve(interceptor.intercept(context, next)).then((stream: Observable<unknown>) =>
    lastValueFrom(stream),
  );
  return { exchange, client, result };
}

function answer({ sink }: Exchange, status = 201): typeof ANSWERED {
  sink.head(status, ['Location', 'jobs/job_1']);
  sink.write(Buffer.from('{"job_id":'));
  sink.write(Buffer.from('"job_1"}'));
  sink.end();
  return ANSWERED;
}

describe('a POST with an idempotency key', () => {
  it('is done once; its answer is given again and says so', async () => {
    const { interceptor } = open();
    let done = 0;
    const work = (exchange: Exchange) => {
      done += 1;
      return answer(exchange);
    };
    const first = post(interceptor, work);
    expect(await first.result).toBe(ANSWERED);
    const second = post(interceptor, work);
    expect(await second.result).toBe(ANSWERED);
    expect(done).toBe(1);
    expect(first.client.told).toEqual(['head 201', '{"job_id":"job_1"}', 'end']);
    expect(second.client.told).toEqual(first.client.told);
    expect(first.client.fields).toEqual(['Location', 'jobs/job_1']);
    expect(second.client.fields).toEqual(['Location', 'jobs/job_1', 'Idempotency-Replayed', 'true']);
  });

  it('sends nothing before the answer is kept', async () => {
    const { interceptor } = open();
    const first = post(interceptor, ({ sink }) => {
      sink.head(201, []);
      sink.write(Buffer.from('half'));
      return ANSWERED;
    });
    await first.result;
    expect(first.client.told).toEqual([]);
    await expect(post(interceptor, answer).result).rejects.toMatchObject({ code: 'idempotency_in_progress' });
    first.exchange.sink.end();
    expect(first.client.told).toEqual(['head 201', 'half', 'end']);
  });

  it('frees the key when validation refuses it, and leaves the sink to the problem answer', async () => {
    const { interceptor } = open();
    const refused = post(interceptor, () => {
      throw new GatewayError('validation_failed');
    });
    await expect(refused.result).rejects.toMatchObject({ code: 'validation_failed' });
    expect(refused.exchange.sink).toBe(refused.client);
    expect(await post(interceptor, answer).result).toBe(ANSWERED);
  });

  it.each([
    ['a server failure', (exchange: Exchange) => answer(exchange, 503)],
    [
      'a broken answer',
      ({ sink }: Exchange) => {
        sink.head(200, []);
        sink.abort(new GatewayError('upstream_reset'));
        return ANSWERED;
      },
    ],
    ['a body that did not pass through the sink', () => ({ job_id: 'job_1' })],
  ])('frees the key after %s', async (_, handle) => {
    const { interceptor, store } = open();
    await post(interceptor, handle).result;
    expect(store.size).toBe(0);
  });

  it('lets an answer through that is too large to keep, and frees the key', async () => {
    const { interceptor, store } = open();
    const large = post(interceptor, ({ sink }) => {
      sink.head(200, []);
      sink.write(Buffer.alloc(MAX_RECORDED_BYTES));
      sink.write(Buffer.alloc(101));
      sink.write(Buffer.alloc(102));
      sink.end();
      return ANSWERED;
    });
    await large.result;
    expect(large.client.told).toEqual(['head 200', `${MAX_RECORDED_BYTES} bytes`, '101 bytes', '102 bytes', 'end']);
    expect(store.size).toBe(0);
  });

  it('is finished though its client has gone, and its answer is there for the retry', async () => {
    const { interceptor } = open();
    const first = post(interceptor, (exchange) => {
      expect(exchange.outlivesClient).toBe(true);
      exchange.hangUp.hangUp();
      return answer(exchange);
    });
    await first.result;
    const second = post(interceptor, () => {
      throw new Error('done twice');
    });
    expect(await second.result).toBe(ANSWERED);
    expect(second.client.told).toEqual(['head 201', '{"job_id":"job_1"}', 'end']);
  });

  it('of streamed bytes is known by the checksum that its target tells', async () => {
    const { interceptor } = open();
    const target = `/upload?checksum=sha256:${'a'.repeat(64)}`;
    const upload = (handle: (exchange: Exchange) => unknown, url = target) =>
      post(interceptor, handle, { body: bodySource(Readable.from([])), route: '/upload' }, url);
    await upload((exchange) => answer(exchange, 422)).result;
    await upload(answer).result;
    const again = upload(() => {
      throw new Error('done twice');
    });
    expect(await again.result).toBe(ANSWERED);
    expect(again.client.fields).toContain('Idempotency-Replayed');
    const other = `/upload?checksum=sha256:${'b'.repeat(64)}`;
    await expect(upload(answer, other).result).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it.each(['/upload', '/upload?checksum=', '/upload?checksum=sha256:x'])(
    'of streamed bytes without a checksum is refused: %s',
    async (target) => {
      const { interceptor } = open();
      const refused = post(interceptor, answer, { body: bodySource(Readable.from([])) }, target);
      await expect(refused.result).rejects.toMatchObject({ code: 'invalid_idempotency_key' });
    },
  );

  it('is worked on as usual without a key or with the feature switched off', async () => {
    const { interceptor, store } = open();
    await post(interceptor, answer, { requestHeaders: {} }).result;
    await post(open(false).interceptor, answer).result;
    expect(store.size).toBe(0);
  });
});
