import type { BackendDefinition } from '../service/backend-service.js';
import { authRoutes } from './auth.routes.js';
import { AUTH_MIGRATIONS } from './auth.tables.js';
import { LoginAttempts } from './login-attempts.js';
import { Login } from './login.js';
import { PasswordHasher } from './password-hasher.js';
import { UserStore } from './user-store.js';
import { UsersFileWatch } from './users-file-watch.js';
import { readUserSeeds } from './users-file.js';

const SWEEP_INTERVAL_MS = 15 * 60_000;

/** Users and their passwords; sessions are the gateway's. */
export const authService: BackendDefinition = {
  name: 'auth',
  migrations: AUTH_MIGRATIONS,
  async create({ database, settings, clock, log }) {
    const users = new UserStore(database);
    const hasher = new PasswordHasher();
    const attempts = new LoginAttempts(database, clock);
    const login = new Login(users, attempts, hasher, settings.identitySecret);
    const apply = async (): Promise<number> => {
      const changed = await users.seed(await readUserSeeds(settings.usersFile, settings.production), hasher);
      login.useDecoy(await hasher.decoy(await users.someHash()));
      return changed;
    };
    const watch = settings.usersFile === undefined ? undefined : new UsersFileWatch(settings.usersFile, apply, log);
    await (watch?.start() ?? apply());
    await attempts.sweep();
    const sweeping = setInterval(() => {
      attempts.sweep().catch((error: unknown) => {
        log.fault('sweep_failed', error);
      });
    }, SWEEP_INTERVAL_MS);
    sweeping.unref();
    return {
      router: authRoutes(login, users),
      stop: () => {
        clearInterval(sweeping);
        watch?.stop();
        return Promise.resolve();
      },
    };
  },
};
