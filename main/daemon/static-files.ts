import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../renderer/dist', import.meta.url));

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
  '.png': 'image/png', '.ico': 'image/x-icon', '.woff2': 'font/woff2', '.json': 'application/json', '.map': 'application/json',
};

/** Only what we serve ourselves may run; xterm and Svelte set style attributes, hence 'unsafe-inline' for styles alone. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The built window. Unknown paths without an extension are the window's own routes. */
export async function serveStatic(pathname: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = { 'content-security-policy': contentSecurityPolicy, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin' };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end();
    return;
  }
  const clean = decode(pathname);
  const path = clean === undefined || clean === '/' || extname(clean) === '' ? '/index.html' : clean;
  const file = normalize(join(root, path));
  const content = file.startsWith(root) ? await readFile(file).catch(() => undefined) : undefined;
  if (content === undefined) {
    const hint = path === '/index.html' ? 'The window is not built; run `npm run build`.\n' : 'Not found.\n';
    response.writeHead(404, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end(hint);
    return;
  }
  const cache = path.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-cache';
  response.writeHead(200, { ...headers, 'content-type': mediaTypes[extname(file)] ?? 'application/octet-stream', 'cache-control': cache });
  response.end(request.method === 'HEAD' ? undefined : content);
}

function decode(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined; // Broken escapes: shown the start page.
  }
}
