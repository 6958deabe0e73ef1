import type { BackendDefinition } from '../service/backend-service.js';
import { authRoutes } from './auth.routes.js';
import { AUTH_MIGRATIONS } from './auth.tables.js';
import { LoginAttempts } from './login-attempts.js';
import { Login } from './login.js';
import { PasswordHasher } from './password-hasher.js';
import { UserStore } from './user-store.js';
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
    await users.seed(await readUserSeeds(settings.usersFile, settings.production), hasher);
    await attempts.sweep();
    const decoyHash = await hasher.decoy(await users.someHash());
    const login = new Login(users, attempts, hasher, decoyHash, settings.identitySecret);
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
        return Promise.resolve();
      },
    };
  },
};
