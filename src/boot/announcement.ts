import type { Settings } from '../kernel/config/settings.js';

/** What the start tells the person who started it. */
export function announcement(settings: Settings, url: string): string {
  const lines = [`GenoFlow API Gateway is ready at ${url}`];
  if (settings.server.docsEnabled) lines.push(`  API documentation   ${url}/docs`);
  if (settings.backends.embedded) {
    lines.push(
      '  Backends            the embedded reference backends serve what has no service URL',
      `  Data                ${settings.backends.dataDir}`,
    );
  }
  if (settings.backends.embedded && !settings.server.production) {
    lines.push(
      '  Log in              admin / password (outside production only)',
      `                      curl -s ${url}/auth/login -H 'content-type: application/json' -d '{"username":"admin","password":"password"}'`,
      '  The whole job       npm run example',
    );
  }
  return lines.join('\n');
}
