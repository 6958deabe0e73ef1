/**
 * The claim at a path whose steps are joined by dots, such as `realm_access.roles`. Names may hold dots themselves
 * (`https://lab.example/roles`, `resource_access.my.client.roles`): the longest name that is there goes first.
 */
export function claimAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot);
    if (!Object.hasOwn(value, name)) continue;
    const found = claimAt((value as Record<string, unknown>)[name], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}
