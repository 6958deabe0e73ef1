import { Router } from 'express';
import { z } from 'zod';
import { identityOf, requireService } from '../service/identity.js';
import { BackendProblem } from '../service/problem.js';
import { validated } from '../service/validation.js';
import type { UserRow } from './auth.tables.js';
import type { Login } from './login.js';
import type { UserStore } from './user-store.js';

const LOGIN = z.strictObject({ username: z.string().min(1).max(256), password: z.string().min(1).max(1024) });

/** For the gateway alone: it holds the sessions. */
export function authRoutes(login: Login, users: UserStore): Router {
  const router = Router();
  router.post('/login', async (request, response) => {
    requireService(identityOf(request));
    const { username, password } = validated(LOGIN, request.body);
    response.set('cache-control', 'no-store').json({ user: publicForm(await login.check(username, password)) });
  });
  router.get('/users/:user_id', async (request, response) => {
    requireService(identityOf(request));
    const user = await users.findById(request.params.user_id);
    if (user === undefined) throw new BackendProblem(404, 'user_not_found', 'There is no such user.');
    response.set('cache-control', 'no-store').json(publicForm(user));
  });
  return router;
}

const publicForm = (user: UserRow): Record<string, unknown> => ({
  id: user.id,
  username: user.username,
  display_name: user.displayName,
  roles: user.roles,
  projects: user.projects,
  disabled: user.disabled,
});
