import type { GatewayRequest, GatewayResponse } from './message-classes.js';
import { RouteTable } from './route-table.js';

const RESPONSE = {} as GatewayResponse;
const next = (): void => undefined;

function tableOf(...routes: [method: string, template: string][]) {
  const table = new RouteTable();
  let handled = '';
  for (const [method, template] of routes) {
    table.add(method, template, (_request, _response, givenNext) => {
      expect(givenNext).toBe(next);
      handled = `${method} ${template}`;
    });
  }
  return (method: string, url: string) => {
    handled = '';
    const request = { method, url } as GatewayRequest;
    const found = table.dispatch(request, RESPONSE, next);
    expect(found).toBe(handled !== '');
    return { handled, request };
  };
}

const dispatch = tableOf(
  ['GET', '/jobs'],
  ['POST', '/jobs'],
  ['GET', '/jobs/:job_id'],
  ['GET', '/jobs/:job_id/logs'],
  ['GET', '/results/download/:token'],
  ['GET', '/results/:job_id'],
  ['HEAD', '/uploads/:upload_id'],
  ['GET', '/uploads/:upload_id'],
  ['GET', '/pairs/:one/:other'],
  ['GET', '/files/*path'],
);

describe('the route table', () => {
  it.each([
    ['GET', '/jobs', 'GET /jobs', {}],
    ['POST', '/jobs', 'POST /jobs', {}],
    ['GET', '/jobs?status=/queued/x', 'GET /jobs', {}],
    ['GET', '/jobs/job_1', 'GET /jobs/:job_id', { job_id: 'job_1' }],
    ['GET', '/jobs/job_1/logs?tail=5', 'GET /jobs/:job_id/logs', { job_id: 'job_1' }],
    ['GET', '/results/download/abc.def', 'GET /results/download/:token', { token: 'abc.def' }],
    ['GET', '/results/job_1', 'GET /results/:job_id', { job_id: 'job_1' }],
    ['GET', '/pairs/a/b', 'GET /pairs/:one/:other', { one: 'a', other: 'b' }],
    ['HEAD', '/jobs/job_1', 'GET /jobs/:job_id', { job_id: 'job_1' }],
    ['HEAD', '/uploads/u', 'HEAD /uploads/:upload_id', { upload_id: 'u' }],
  ])('%s %s goes to %s', (method, url, handled, params) => {
    const found = dispatch(method, url);
    expect(found.handled).toBe(handled);
    expect(found.request.params).toEqual(params);
    expect(found.request.originalUrl).toBe(url);
    expect(found.request.route?.path).toBe(handled.split(' ')[1]);
    expect(found.request.res).toBe(RESPONSE);
  });

  it.each([
    ['GET', '/'],
    ['GET', ''],
    ['GET', '/job'],
    ['GET', '/jobs/'],
    ['GET', '//jobs'],
    ['GET', '/jobs//logs'],
    ['GET', '/jobs/job_1/logs/more'],
    ['GET', '/Jobs'],
    ['PATCH', '/jobs'],
    ['HEAD', '/unknown'],
    ['GET', '/results/download'.concat('/')],
    ['GET', '/files/a'],
    ['GET', '/__proto__'],
    ['constructor', '/jobs'],
  ])('leaves %s %s to Express', (method, url) => {
    expect(dispatch(method, url).handled).toBe('');
  });

  it('keeps the first of two routes with one method and path, as Express does', () => {
    const table = new RouteTable();
    const calls: number[] = [];
    table.add('GET', '/a', () => calls.push(1));
    table.add('GET', '/a', () => calls.push(2));
    table.dispatch({ method: 'GET', url: '/a' } as GatewayRequest, RESPONSE, next);
    expect(calls).toEqual([1]);
  });
});
