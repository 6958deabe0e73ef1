import { parseServiceAddress } from './endpoint-target.js';

describe('parseServiceAddress', () => {
  it('reads several instances with base paths', () => {
    expect(parseServiceAddress('http://a:8002, https://b/qc/')).toEqual({
      kind: 'static',
      targets: [
        { origin: 'http://a:8002', basePath: '' },
        { origin: 'https://b', basePath: '/qc' },
      ],
    });
  });

  it('reads a name whose addresses are the instances', () => {
    expect(parseServiceAddress('dns+http://qc.lab.example:8002/base')).toEqual({
      kind: 'dns',
      name: 'qc.lab.example',
      target: { origin: 'http://qc.lab.example:8002', basePath: '/base' },
    });
  });

  it('reads a service record', () => {
    expect(parseServiceAddress('srv+https://_http._tcp.qc.lab.example')).toEqual({
      kind: 'srv',
      name: '_http._tcp.qc.lab.example',
      protocol: 'https:',
      basePath: '',
    });
  });

  it.each(['ftp://a', 'nonsense', 'http://user:secret@a', ''])('refuses %p', (text) => {
    expect(() => parseServiceAddress(text)).toThrow(/URL/);
  });
});
