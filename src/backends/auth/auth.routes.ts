import { Router } from 'express';
import { z } from 'zod';
import { identityOf, requirePlatform } from '../service/identity.js';
import { BackendProblem } from '../service/problem.js';
import { USER_CHANGES_ROUTE } from '../service/quiet-routes.js';
import { validated } from '../service/validation.js';
import type { UserRow } from './auth.tables.js';
import type { Login } from './login.js';
import type { UserStore } from './user-store.js';

const LOGIN = z.strictObject({ username: z.string().min(1).max(256), password: z.string().min(1).max(1024) });

const VERSION = /^\d{1,15}$/;

/** For the gateway alone: it holds the sessions. */
export function authRoutes(login: Login, users: UserStore): Router {
  const router = Router();
  router.post('/login', async (request, response) => {
    requirePlatform(identityOf(request));
    const { username, password } = validated(LOGIN, request.body);
    response.set('cache-control', 'no-store').json({ user: publicForm(await login.check(username, password)) });
  });
  router.get(USER_CHANGES_ROUTE, async (request, response) => {
    requirePlatform(identityOf(request));
    const { after = '0' } = request.query;
    const isOurs = typeof after === 'string' && VERSION.test(after);
    const changes = isOurs ? await users.changesAfter(Number(after)) : undefined;
    if (changes === undefined) throw cursorUnknown();
    response
      .set('cache-control', 'no-store')
      .json({ cursor: String(changes.cursor), users: changes.users.map(rightsOf) });
  });
  router.get('/users/:user_id', async (request, response) => {
    requirePlatform(identityOf(request));
    const user = await users.findById(request.params.user_id);
    if (user === undefined) throw new BackendProblem(404, 'user_not_found', 'There is no such user.');
    response.set('cache-control', 'no-store').json(publicForm(user));
  });
  return router;
}

const cursorUnknown = (): BackendProblem =>
  new BackendProblem(410, 'cursor_unknown', 'This cursor is not known any more; ask without one.');

const rightsOf = ({ id, roles, projects, disabled }: UserRow): Record<string, unknown> => ({
  id,
  roles,
  projects,
  disabled,
});

const publicForm = (user: UserRow): Record<string, unknown> => ({
  id: user.id,
  username: user.username,
  display_name: user.displayName,
  roles: user.roles,
  projects: user.projects,
  disabled: user.disabled,
});
