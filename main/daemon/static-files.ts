import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentSecurityPolicy, mediaTypes } from './page-headers.ts';

const root = fileURLToPath(new URL('../../renderer/dist', import.meta.url));

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
