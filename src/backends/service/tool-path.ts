/** Where programs are looked for: the PATH this process was started with, the only variable that children inherit. */
export const toolPath = (): string => process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
