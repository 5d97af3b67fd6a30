import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { BrowserWindow, protocol, shell } from 'electron';
import { contentSecurityPolicy, mediaTypes } from '../daemon/page-headers.ts';

const origin = 'app://coracle';
const pages = join(import.meta.dirname, 'renderer', 'dist');

/** Before the app is ready: app:// is a secure origin of its own, so that the page needs no file access. */
export function registerAppProtocol(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
}

export function isOwnPage(url: string | undefined): boolean {
  return url?.startsWith(`${origin}/`) === true;
}

export function openMainWindow(): BrowserWindow {
  if (!protocol.isProtocolHandled('app')) protocol.handle('app', servePage);
  const window = new BrowserWindow({
    width: 1280,
    height: 840,
    minWidth: 860,
    minHeight: 560,
    title: 'Coracle',
    backgroundColor: '#0f1514',
    webPreferences: { preload: join(import.meta.dirname, 'preload.cjs'), contextIsolation: true, sandbox: true, nodeIntegration: false, webviewTag: false },
  });
  window.webContents.setWindowOpenHandler(({ url }) => {
    if (url.startsWith('https://')) shell.openExternal(url).catch((error: unknown) => console.error('Cannot open', url, error));
    return { action: 'deny' };
  });
  window.webContents.on('will-navigate', (event, url) => {
    if (!isOwnPage(url)) event.preventDefault();
  });
  window.webContents.session.setPermissionRequestHandler((_contents, permission, decide) => decide(permission === 'clipboard-sanitized-write'));
  window.loadURL(`${origin}/index.html`).catch((error: unknown) => console.error('Cannot load the window:', error));
  return window;
}

async function servePage(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const file = normalize(join(pages, decodeURIComponent(pathname === '/' ? '/index.html' : pathname)));
  const content = file.startsWith(pages) ? await readFile(file).catch(() => undefined) : undefined;
  if (content === undefined) return new Response('Not found', { status: 404 });
  return new Response(new Uint8Array(content), { headers: { 'content-type': mediaTypes[extname(file)] ?? 'application/octet-stream', 'content-security-policy': contentSecurityPolicy } });
}
