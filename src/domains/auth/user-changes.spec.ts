import { AuthDomain, codeOf, USER } from '../../../test/support/auth-domain.js';

describe('UserChanges', () => {
  let domain: AuthDomain;

  beforeEach(() => {
    domain = new AuthDomain();
  });
  afterEach(() => {
    domain.close();
  });

  const told = { id: 'usr_1', roles: ['viewer'], projects: ['p1'], disabled: false };

  it('ends all sessions of who was disabled, without a request', async () => {
    const tokens = [await domain.login(), await domain.login()];
    await domain.changes.apply({ ...told, disabled: true });
    for (const pair of tokens) {
      expect(await codeOf(domain.signedIn(pair))).toBe('session_ended');
      expect(await codeOf(domain.refresh(pair.refresh_token))).toBe('session_ended');
    }
    expect(domain.events.filter(({ change }) => change === 'ended')).toMatchObject([
      { userId: 'usr_1', exchangeId: undefined },
      { userId: 'usr_1', exchangeId: undefined },
    ]);
  });

  it('gives living sessions the rights of now, once', async () => {
    const tokens = await domain.login();
    await domain.changes.apply(told);
    await domain.changes.apply(told);
    expect((await domain.signedIn(tokens)).principal).toMatchObject({ roles: ['viewer'], projects: ['p1'] });
    expect(domain.told).toEqual(['login', 'rights-changed']);
  });

  it('reaches a login that was asking meanwhile with what was true before', async () => {
    domain.backend.meanwhile = () => domain.changes.apply({ ...told, disabled: true });
    expect(await codeOf(domain.login())).toBe('invalid_credentials');
    domain.backend.meanwhile = () => domain.changes.apply(told);
    expect((await domain.signedIn(await domain.login())).principal?.roles).toEqual(['viewer']);
  });

  it('is not written over by a refresh that was asking meanwhile', async () => {
    const tokens = await domain.login();
    domain.backend.answer(USER);
    domain.backend.meanwhile = () => domain.changes.apply(told);
    const second = await domain.refresh(tokens.refresh_token);
    expect((await domain.signedIn(second)).principal?.roles).toEqual(['viewer']);
    domain.backend.meanwhile = () => domain.changes.apply({ ...told, disabled: true });
    expect(await codeOf(domain.refresh(second.refresh_token))).toBe('session_ended');
  });

  it('does not hold against what the auth service says later', async () => {
    await domain.changes.apply(told);
    domain.clock.advance(1);
    expect((await domain.signedIn(await domain.login())).principal?.roles).toEqual(['analyst']);
  });
});
