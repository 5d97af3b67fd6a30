/** Electron's main process: a window over the daemon. Kept thin: everything else of Coracle runs on plain Node. */
import { app, BrowserWindow } from 'electron';
import { relayBridge } from './bridge-relay.ts';
import { startDaemonProcess } from './daemon-process.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { installMenu } from './menu.ts';
import { registerPowerEvents } from './power.ts';
import { createTray } from './tray.ts';
import { openMainWindow, registerAppProtocol } from './window.ts';

let quitting = false;

if (!app.requestSingleInstanceLock()) {
  app.quit();
} else {
  app.enableSandbox();
  registerAppProtocol();
  app.whenReady().then(run).catch((error: unknown) => {
    console.error('Cannot start Coracle:', error);
    app.exit(1);
  });
}

async function run(): Promise<void> {
  const daemon = await startDaemonProcess(upOptions(process.argv.at(-1)));
  relayBridge(daemon);
  registerPowerEvents(daemon);
  const show = () => focusOrOpen(BrowserWindow.getAllWindows()[0]);
  installMenu({ show });
  createTray({ show, quit: () => app.quit() });
  show();
  app.on('second-instance', show);
  app.on('activate', show);
  // Closing the window keeps the cluster running in the tray; quitting stops it in order first.
  app.on('window-all-closed', () => {});
  app.on('before-quit', (event) => quitAfter(daemon, event));
  daemon.onExit((code) => {
    if (!quitting) console.error(`The daemon ended with code ${code}; see its log in ${daemon.logFile}`);
  });
}

/** `coracle up` hands its options over as the last argument, JSON; a click on the app's icon hands over none. */
function upOptions(argument: string | undefined): { readonly dataDirectory?: string } {
  return argument?.startsWith('{') === true ? (JSON.parse(argument) as { readonly dataDirectory?: string }) : {};
}

function focusOrOpen(window: BrowserWindow | undefined): void {
  if (window === undefined) {
    openMainWindow();
    return;
  }
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

function quitAfter(daemon: DaemonProcess, event: { preventDefault(): void }): void {
  if (quitting) return;
  quitting = true;
  event.preventDefault();
  daemon.stop().finally(() => app.exit(0));
}
