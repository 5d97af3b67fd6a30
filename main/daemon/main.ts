/**
 * The daemon: the whole product without a window. Started by `coracle up` (argument: UpArguments as JSON) and by Electron's main process.
 * Serves the bridge on the control socket and, unless told not to, the window on the loopback web server; ends on `daemon.shutdown`, SIGTERM or SIGINT.
 */
import { join } from 'node:path';
import { dataDirectory } from '../cluster/data-directory.ts';
import { systemClock } from '../cluster/system-clock.ts';
import { DaemonLog } from './daemon-log.ts';
import { runDaemon } from './daemon.ts';
import type { DaemonOptions } from './daemon.ts';
import { daemonEnvironment } from './launch/daemon-runtime.ts';
import { LogFile } from './log-file.ts';

// Was for this process alone: see main/daemon/launch/daemon-runtime.ts.
for (const name of Object.keys(daemonEnvironment)) delete process.env[name];
const options = JSON.parse(process.argv[2] ?? '{}') as DaemonOptions;
const log = new DaemonLog(new LogFile({ path: join(dataDirectory(options.dataDirectory).logs, 'daemon.log') }), systemClock);

// Only Node itself writes there; on a full disk an unheard error of these would end the daemon.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

process.on('unhandledRejection', (reason) => log.error('unhandled rejection', { error: String(reason), stack: reason instanceof Error ? reason.stack : undefined }));
process.on('uncaughtException', (error) => {
  log.error('uncaught exception; the daemon ends', { error: error.message, stack: error.stack });
  process.exit(70);
});

try {
  await runDaemon(options, log);
  process.exit(0);
} catch (error) {
  log.error('the daemon failed', { error: error instanceof Error ? error.message : String(error), stack: error instanceof Error ? error.stack : undefined });
  process.exit(1);
}
