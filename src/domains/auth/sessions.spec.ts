import { AuthDomain, codeOf, USER } from '../../../test/support/auth-domain.js';
import type { TokenResponse } from './dto/token.response.js';

describe('the sessions of users', () => {
  let domain: AuthDomain;

  beforeEach(() => {
    domain = new AuthDomain();
  });
  afterEach(() => {
    domain.close();
  });

  describe('the sessions of others', () => {
    it('are listed and ended for an administrator, whom the event names', async () => {
      const tokens = [await domain.login(), await domain.login(), await domain.login()];
      domain.backend.answer({ user: { ...USER, id: 'usr_9', roles: ['admin'] } });
      const admin = await domain.signedIn(await domain.logIn('root', 'x'));
      const { items } = await domain.others.list(admin, 'usr_1');
      expect(items).toHaveLength(3);
      expect(items.map(({ current }) => current)).toEqual([false, false, false]);
      const id = (await domain.signedIn(tokens[0] as TokenResponse)).principal?.sessionId ?? '';
      domain.events.length = 0;
      expect(await codeOf(domain.others.end(admin, 'usr_1', id))).toBe('done');
      expect(await codeOf(domain.others.end(admin, 'usr_1', id))).toBe('session_not_found');
      expect(await codeOf(domain.others.end(admin, 'usr_2', id))).toBe('session_not_found');
      await domain.others.endAll(admin, 'usr_1');
      for (const pair of tokens) expect(await codeOf(domain.signedIn(pair))).toBe('session_ended');
      expect(await domain.others.list(admin, 'usr_1')).toEqual({ items: [] });
      expect(domain.events).toHaveLength(3);
      for (const event of domain.events)
        expect(event).toMatchObject({ change: 'ended', userId: 'usr_1', endedBy: 'usr_9', exchangeId: 'request-1' });
      expect((await domain.others.list(admin, 'usr_9')).items).toMatchObject([{ current: true }]);
    });
  });

  describe('own sessions', () => {
    it('tells the caller who they are and what they may do', async () => {
      const exchange = await domain.signedIn(await domain.login());
      expect(await domain.own.me(exchange)).toEqual({
        id: 'usr_1',
        username: 'ada',
        display_name: 'Ada',
        roles: ['analyst'],
        projects: ['*'],
        permissions: expect.arrayContaining(['qc:run', 'pipelines:configure']),
        session_id: exchange.principal?.sessionId,
      });
    });

    it('ends all others of the caller but the one that asks', async () => {
      const [first, second, third] = [await domain.login(), await domain.login(), await domain.login()];
      await domain.own.endOthers(await domain.signedIn(second));
      expect(await codeOf(domain.signedIn(first))).toBe('session_ended');
      expect(await codeOf(domain.signedIn(third))).toBe('session_ended');
      expect((await domain.signedIn(second)).principal).toBeDefined();
      expect(domain.events.filter(({ change }) => change === 'ended')).toHaveLength(2);
      expect(domain.events.at(-1)?.endedBy).toBeUndefined();
    });

    it('lists and ends sessions of the caller only', async () => {
      const first = await domain.signedIn(await domain.login());
      domain.clock.advance(1_000);
      const second = await domain.signedIn(await domain.login());
      domain.backend.answer({ user: { ...USER, id: 'usr_2' } });
      const bob = await domain.signedIn(await domain.logIn('bob', 'x'));
      const { items } = await domain.own.list(second);
      expect(items.map(({ session_id, current }) => [session_id, current])).toEqual([
        [second.principal?.sessionId, true],
        [first.principal?.sessionId, false],
      ]);
      expect(items[0]?.created_at).toBe(new Date(domain.clock.now()).toISOString());
      const target = first.principal?.sessionId ?? '';
      expect(await codeOf(domain.own.end(bob, target))).toBe('session_not_found');
      expect(await codeOf(domain.own.end(second, target))).toBe('done');
      expect(await codeOf(domain.own.end(second, target))).toBe('session_not_found');
      expect(domain.told.filter((change) => change === 'ended')).toHaveLength(1);
    });
  });
});
