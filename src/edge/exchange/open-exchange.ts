import type { Clock } from '../../kernel/clock.js';
import { exchangeClosed } from '../../kernel/events.js';
import type { Settings } from '../../kernel/config/settings.js';
import type { Readiness } from '../../kernel/readiness.js';
import { AnswerFields } from '../fields/answer-fields.js';
import type { GatewayRequest, GatewayResponse } from '../server/message-classes.js';
import { HttpExchange } from './http-exchange.js';

const CLIENT_GONE_STATUS = 499;

/** Opens the exchange and publishes its end exactly once, however it ends. */
export function openExchange({ server, telemetry }: Settings, clock: Clock, readiness: Readiness) {
  const answerFields = new AnswerFields(server, readiness);
  const options = {
    trustsProxies: server.trustProxy !== undefined,
    samplesTraces: telemetry.otlpEndpoint !== undefined,
  };
  return (request: GatewayRequest, response: GatewayResponse): void => {
    const exchange = new HttpExchange(request, response, clock.monotonic(), answerFields, options);
    request.exchange = exchange;
    response.on('close', () => {
      close(exchange, clock.monotonic());
    });
  };
}

function close(exchange: HttpExchange, now: number): void {
  const { response } = exchange;
  const whole = response.writableFinished;
  if (!whole) {
    exchange.errorCode ??= 'client_gone';
    exchange.hangUp.hangUp();
  }
  exchangeClosed.publish({
    exchange,
    status: whole ? response.statusCode : CLIENT_GONE_STATUS,
    durationMs: now - exchange.startedAt,
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes || Number(response.getHeader('content-length') ?? 0),
  });
}
