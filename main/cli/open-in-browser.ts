import { spawn } from 'node:child_process';

/** Opens the address in the user's browser where there is a desktop; otherwise the printed address must do. */
export function openInBrowser(url: string): Promise<void> {
  const [program, ...args] = command(url);
  if (program === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const child = spawn(program, args, { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve()); // No opener installed: the address is on the screen.
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}

function command(url: string): readonly string[] {
  switch (process.platform) {
    case 'darwin':
      return ['open', url];
    case 'win32':
      return ['rundll32', 'url.dll,FileProtocolHandler', url];
    default:
      return process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'] ? ['xdg-open', url] : [];
  }
}
