import { AuthDomain } from '../../../test/support/auth-domain.js';
import { stateStoreChanged, userFeedChanged } from '../../kernel/events.js';
import { UserFeed } from './user-feed.js';

const user = (id: string, disabled = false) => ({ id, roles: ['viewer'], projects: ['*'], disabled });

describe('UserFeed', () => {
  let domain: AuthDomain;
  let feed: UserFeed;
  let storeIsThere: boolean;
  let states: string[];
  let end: () => void;

  beforeEach(() => {
    domain = new AuthDomain();
    storeIsThere = true;
    states = [];
    end = userFeedChanged.subscribe(({ state }) => states.push(state));
    feed = new UserFeed(domain.users, domain.changes, { available: () => storeIsThere });
    domain.backend.answer({ cursor: 'c1', users: [] });
  });
  afterEach(() => {
    feed.beforeApplicationShutdown();
    end();
    domain.close();
  });

  const asked = (): string[] => domain.backend.calls.map(({ path }) => path);
  const tell = (cursor: string, ...users: unknown[]): void => {
    domain.backend.answer({ cursor, users });
  };

  it('begins with all users, goes on from the cursor, and hurries while there are more', async () => {
    tell('c 1/&?', user('usr_1'));
    expect(await feed.poll()).toBeLessThan(100);
    tell('c2');
    const pause = await feed.poll();
    expect(pause).toBeGreaterThanOrEqual(400);
    expect(pause).toBeLessThanOrEqual(500);
    await feed.poll();
    expect(asked()).toEqual(['/users/changes', '/users/changes?after=c%201%2F%26%3F', '/users/changes?after=c2']);
    expect(domain.backend.calls[0]).toMatchObject({ service: 'auth', method: 'GET', retry: 'never' });
    expect(domain.backend.calls[0]?.fields).toEqual(expect.arrayContaining(['x-user-id', 'gateway']));
    expect(states).toEqual(['followed']);
  });

  it('brings what it hears to the sessions', async () => {
    const tokens = await domain.login();
    tell('c1', user('usr_1'), user('usr_2', true));
    await feed.poll();
    expect((await domain.signedIn(tokens)).principal?.roles).toEqual(['viewer']);
    tell('c2', user('usr_1', true));
    await feed.poll();
    await expect(domain.signedIn(tokens)).rejects.toMatchObject({ code: 'session_ended' });
  });

  it.each([404, 405, 501])(
    'leaves a service alone for a minute that does not know the question: %d',
    async (status) => {
      domain.backend.answer({ code: 'user_not_found' }, status);
      expect(await feed.poll()).toBeGreaterThan(40_000);
      expect(states).toEqual(['untold']);
      tell('c1');
      await feed.poll();
      expect(states).toEqual(['untold', 'followed']);
    },
  );

  it('begins anew where the service does not know the cursor', async () => {
    await feed.poll();
    domain.backend.answer({ code: 'cursor_unknown' }, 410);
    await feed.poll();
    tell('d1');
    await feed.poll();
    expect(asked()).toEqual(['/users/changes', '/users/changes?after=c1', '/users/changes']);
    expect(states).toEqual(['followed']);
  });

  it('begins anew when the state store has been away, for what was written there may be lost', async () => {
    await feed.poll();
    stateStoreChanged.publish({ store: 'redis', available: false });
    storeIsThere = false;
    const before = asked().length;
    await feed.poll();
    expect(asked()).toHaveLength(before);
    storeIsThere = true;
    stateStoreChanged.publish({ store: 'redis', available: true });
    await feed.poll();
    expect(asked().at(-1)).toBe('/users/changes');
  });

  it('moves no cursor by what it asked before it began anew', async () => {
    domain.backend.meanwhile = () => {
      stateStoreChanged.publish({ store: 'redis', available: true });
      return Promise.resolve();
    };
    await feed.poll();
    domain.backend.meanwhile = () => Promise.resolve();
    await feed.poll();
    expect(asked().at(-1)).toBe('/users/changes');
  });

  it.each([
    ['no JSON', '<html>'],
    ['no cursor', { users: [] }],
    ['a cursor that is none', { cursor: 7, users: [] }],
    ['no list', { cursor: 'c2', users: {} }],
    ['more users than a page holds', { cursor: 'c2', users: Array.from({ length: 1_001 }, () => user('usr_1')) }],
  ])('takes no garbage, and asks again for the same: %s', async (_, body) => {
    const tokens = await domain.login();
    tell('c1');
    await feed.poll();
    domain.backend.answer(body);
    await feed.poll();
    await feed.poll();
    expect(asked().slice(-2)).toEqual(['/users/changes?after=c1', '/users/changes?after=c1']);
    expect((await domain.signedIn(tokens)).principal?.roles).toEqual(['analyst']);
  });

  it.each([
    ['without the word on being disabled', { ...user('usr_1'), disabled: undefined }],
    ['with a role that would break a field', { ...user('usr_1'), roles: ['a\r\nb: c'] }],
    ['with a project that is none', { ...user('usr_1'), projects: ['../..'] }],
  ])('leaves a user as they are whose record is spoilt, and hears of the others: %s', async (_, record) => {
    const [spoilt, other] = [await domain.login(), await domain.login({ id: 'usr_2' })];
    tell('c1', record, user('a}{b/../c'), 'usr_3', user('usr_2'));
    await feed.poll();
    expect((await domain.signedIn(spoilt)).principal?.roles).toEqual(['analyst']);
    expect((await domain.signedIn(other)).principal?.roles).toEqual(['viewer']);
    tell('c2');
    await feed.poll();
    expect(states).toEqual(['failing']);
    expect(asked().at(-1)).toBe('/users/changes?after=c1');
    tell('c3', user('usr_1'));
    await feed.poll();
    expect(states).toEqual(['failing', 'followed']);
  });

  it('ends the sessions of who is disabled, whatever else the record says', async () => {
    const tokens = await domain.login();
    tell('c1', { ...user('usr_1', true), roles: 'none' });
    await feed.poll();
    await expect(domain.signedIn(tokens)).rejects.toMatchObject({ code: 'session_ended' });
    expect(states).toEqual(['followed']);
  });

  it('asks less and less often a service that fails, and tells of it once', async () => {
    domain.backend.failure = 'upstream_unreachable';
    const pauses = [];
    for (let time = 0; time < 8; time += 1) pauses.push(await feed.poll());
    expect(pauses[0]).toBeLessThanOrEqual(1_000);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(8_000);
    expect(pauses.at(-1)).toBeLessThanOrEqual(10_000);
    expect(states).toEqual(['failing']);
    domain.backend.failure = undefined;
    await feed.poll();
    expect(await feed.poll()).toBeLessThanOrEqual(500);
    expect(states).toEqual(['failing', 'followed']);
  });

  it('is not held up by one user whose sessions cannot be reached, and does not forget them', async () => {
    const apply = jest.spyOn(domain.changes, 'apply');
    apply.mockImplementation(({ id }) => (id === 'usr_1' ? Promise.reject(new Error('spoilt')) : Promise.resolve()));
    tell('c1', user('usr_1'), user('usr_2'));
    await feed.poll();
    tell('c2', user('usr_3'));
    await feed.poll();
    expect(states).toEqual(['failing']);
    expect(asked().at(-1)).toBe('/users/changes?after=c1');
    expect(apply.mock.calls.map(([{ id }]) => id)).toEqual(['usr_1', 'usr_2', 'usr_1', 'usr_3']);
    apply.mockReset().mockResolvedValue(undefined);
    tell('c3');
    await feed.poll();
    expect(apply.mock.calls.map(([{ id }]) => id)).toEqual(['usr_1']);
    expect(states).toEqual(['failing', 'followed']);
  });
});
