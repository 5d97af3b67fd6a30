import { app, Menu } from 'electron';
import type { MenuItemConstructorOptions } from 'electron';

/** The platform's usual menus: without them copy, paste and quit have no shortcuts on macOS. */
export function installMenu({ show }: { show: () => void }): void {
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    { label: 'Cluster', submenu: [{ label: 'Show window', accelerator: 'CmdOrCtrl+Shift+C', click: show }, { type: 'separator' }, { label: 'Stop cluster and quit', accelerator: 'CmdOrCtrl+Q', click: () => app.quit() }] },
    { role: 'editMenu' },
    { label: 'View', submenu: [{ role: 'reload' }, { role: 'toggleDevTools' }, { type: 'separator' }, { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { role: 'togglefullscreen' }] },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
