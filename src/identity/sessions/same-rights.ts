import type { Rights } from '../../kernel/principal.js';

/** Order does not count, nor does how often a name stands there. */
export const hasSameRights = (one: Rights, other: Rights): boolean =>
  isSameSet(one.roles, other.roles) && isSameSet(one.projects, other.projects);

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  const [names, others] = [new Set(one), new Set(other)];
  return names.size === others.size && [...names].every((name) => others.has(name));
}
