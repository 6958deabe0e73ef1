import type { Exchange } from '../kernel/exchange.js';
import { HangUp } from '../kernel/hang-up.js';
import { requestFields } from './request-fields.js';

const IDENTITY = ['x-user-id', 'usr_1', 'x-genoflow-identity', 'signed'];

function exchangeWith(fields: string[]): Exchange {
  const exchange: Partial<Exchange> = {
    id: 'request-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    requestFields: fields,
    clientAddress: '192.0.2.7',
    protocol: 'https',
    host: 'api.lab.example',
    hangUp: new HangUp(),
    outlivesClient: false,
  };
  return exchange as Exchange;
}

function sent(fields: string[]): [string, string][] {
  const flat = requestFields(exchangeWith(fields), IDENTITY, '/api/v1/qc');
  return flat.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []));
}

const valuesOf = (fields: [string, string][], name: string): string[] =>
  fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);

describe('requestFields', () => {
  it.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Host',
    'Authorization',
    'Cookie',
    'Expect',
    'Content-Length',
    'Forwarded',
    'X-Forwarded-Server',
    'X-Real-IP',
    'X-User-Anything',
    'X_USER_ROLES',
    'x_genoflow_identity',
    'X-Genoflow-Identity_',
    'x-session_id',
    'x_forwarded_for',
  ])('does not hand on %s', (name) => {
    const fields = sent([name, 'from-the-client', 'Accept', 'text/plain']);
    expect(fields.map(([, value]) => value)).not.toContain('from-the-client');
    expect(fields).toContainEqual(['Accept', 'text/plain']);
  });

  it.each([
    ['x-request-id', 'request-1'],
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['x-forwarded-for', '192.0.2.7'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-host', 'api.lab.example'],
    ['x-forwarded-prefix', '/api/v1/qc'],
    ['via', '1.1 genoflow'],
    ['x-user-id', 'usr_1'],
    ['x-genoflow-identity', 'signed'],
  ])("sends the gateway's own %s once, whatever the client sent", (name, value) => {
    expect(valuesOf(sent([name, 'forged', name.toUpperCase(), 'forged too']), name)).toEqual([value]);
  });

  it('takes out what Connection names, but nothing of its own and nothing that frames the message', () => {
    const fields = sent([
      'Connection',
      'close, X-Hop, x-user-id, Content-Type',
      'X-Hop',
      '1',
      'Content-Type',
      'application/json',
      'Connection',
      'x-second-hop',
      'X-Second-Hop',
      '2',
    ]);
    expect(valuesOf(fields, 'x-hop')).toEqual([]);
    expect(valuesOf(fields, 'x-second-hop')).toEqual([]);
    expect(valuesOf(fields, 'x-user-id')).toEqual(['usr_1']);
    expect(valuesOf(fields, 'content-type')).toEqual(['application/json']);
  });

  it('keeps the spelling, the order and the repetition of all else', () => {
    const fields = ['Accept', 'a', 'X-Custom', '1', 'ACCEPT', 'b', 'tracestate', 'v=1', 'If-None-Match', '"x"'];
    expect(sent(fields).slice(0, 5).flat()).toEqual(fields);
  });
});
