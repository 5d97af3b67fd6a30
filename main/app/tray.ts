import { join } from 'node:path';
import { Menu, nativeImage, Tray } from 'electron';

let tray: Tray | undefined; // Electron removes a tray icon that is garbage-collected.

/** The cluster runs on when the window is closed; the tray says so and ends it. */
export function createTray({ show, quit }: { show: () => void; quit: () => void }): void {
  const icon = nativeImage.createFromPath(join(import.meta.dirname, 'tray.png'));
  tray = new Tray(icon.isEmpty() ? nativeImage.createEmpty() : icon);
  tray.setToolTip('Coracle');
  tray.setContextMenu(Menu.buildFromTemplate([{ label: 'Show Coracle', click: show }, { type: 'separator' }, { label: 'Stop cluster and quit', click: quit }]));
  tray.on('click', show);
}
