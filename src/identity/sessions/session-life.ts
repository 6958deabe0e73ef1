import type { IdentitySettings } from '../../kernel/config/settings.js';

type LifeSettings = Pick<
  IdentitySettings,
  'sessionIdleSeconds' | 'sessionUnattendedRoles' | 'sessionMaxAgeSeconds' | 'refreshGraceSeconds'
>;

/** How long sessions live, in milliseconds. */
export class SessionLife {
  /** Silence that ends the session of a person. */
  readonly idleMs: number;
  readonly maxAgeMs: number;
  /** How long the refresh token before the newest is answered with the newest; 0 for never. */
  readonly graceMs: number;
  readonly #unattended: ReadonlySet<string>;

  constructor(settings: LifeSettings) {
    this.idleMs = settings.sessionIdleSeconds * 1000;
    this.maxAgeMs = settings.sessionMaxAgeSeconds * 1000;
    this.graceMs = settings.refreshGraceSeconds * 1000;
    this.#unattended = new Set(settings.sessionUnattendedRoles);
  }

  /**
   * Silence that ends a session with these roles. Nobody can walk up to a machine's: one that holds machines' roles only
   * lives to its absolute end, however silent it is.
   */
  idleMsOf(roles: readonly string[]): number {
    const isUnattended = roles.length > 0 && roles.every((role) => this.#unattended.has(role));
    return isUnattended ? this.maxAgeMs : this.idleMs;
  }
}
