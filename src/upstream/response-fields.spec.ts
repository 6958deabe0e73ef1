import { rawField, responseFields } from './response-fields.js';

const raw = (fields: string[]): Buffer[] => fields.map((part) => Buffer.from(part, 'latin1'));
const target = { origin: 'http://10.0.0.7:8002', basePath: '/base' };
const passed = (fields: string[]): string[] => responseFields(raw(fields), target, '/api/v1/qc');

describe('responseFields', () => {
  it.each([
    'Connection',
    'Keep-Alive',
    'Proxy-Authenticate',
    'Trailer',
    'Upgrade',
    'Server',
    'X-Powered-By',
    'Access-Control-Allow-Origin',
    'access-control-allow-credentials',
    'X-User-Id',
    'X-Genoflow-Identity',
    'X-Request-Id',
    'RateLimit',
    'X-RateLimit-Remaining',
    'Strict-Transport-Security',
    'Alt-Svc',
  ])('keeps %s from the client', (name) => {
    expect(passed([name, 'close'])).toEqual(['Via', '1.1 genoflow']);
  });

  it.each(['chunked', 'Chunked', ' chunked '])('keeps a transfer coding of "%s" from the client', (coding) => {
    expect(passed(['Transfer-Encoding', coding])).toEqual(['Via', '1.1 genoflow']);
  });

  it.each([['gzip'], ['gzip, chunked'], ['identity'], [''], ['chunked', 'chunked'], ['gzip', 'chunked']])(
    'refuses a transfer coding of %s %s',
    (...codings) => {
      expect(() => passed(codings.flatMap((coding) => ['Transfer-Encoding', coding]))).toThrow('upstream_bad_response');
    },
  );

  it('passes all else as it came, byte for byte and repeated fields apart', () => {
    const fields = [
      'Content-Type',
      'application/octet-stream',
      'Content-Length',
      '007',
      'ETag',
      'W/"\xe9"',
      'Set-Cookie',
      'a=1, b',
      'Set-Cookie',
      'c=2',
      'Content-Range',
      'bytes 0-1/9',
      'Content-Encoding',
      'gzip',
      'Via',
      '1.1 inner',
    ];
    expect(passed(fields)).toEqual([...fields, 'Via', '1.1 genoflow']);
  });

  it('takes out what Connection names, but not what frames the message', () => {
    expect(passed(['X-Hop', '1', 'Connection', 'keep-alive, x-hop, content-length', 'Content-Length', '3'])).toEqual([
      'Content-Length',
      '3',
      'Via',
      '1.1 genoflow',
    ]);
  });

  it.each([
    ['upload/upl_1', 'upload/upl_1'],
    ['/api/v1/qc/results/1', '/api/v1/qc/results/1'],
    ['http://10.0.0.7:8002/base/results/1?x=1', '/api/v1/qc/results/1?x=1'],
    ['http://10.0.0.7:8002/base', '/api/v1/qc'],
    ['http://10.0.0.7:8002/elsewhere', '/api/v1/qc/elsewhere'],
    ['http://10.0.0.7:80020/x', 'http://10.0.0.7:80020/x'],
    ['https://storage.example/x', 'https://storage.example/x'],
  ])('gives Location %s as %s', (location, expected) => {
    expect(passed(['Location', location])).toEqual(['Location', expected, 'Via', '1.1 genoflow']);
  });

  it('finds a field of the raw list whatever its case', () => {
    expect(rawField(raw(['A', '1', 'RETRY-after', '7']), 'retry-after')).toBe('7');
    expect(rawField(raw(['A', '1']), 'retry-after')).toBeUndefined();
  });
});
