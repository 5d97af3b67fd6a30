/**
 * The daemon: the whole product without a window. Started by `coracle up` (argument: UpArguments as JSON) and by Electron's main process.
 * Serves the bridge on the control socket and, unless told not to, the window on the loopback web server; ends on `daemon.shutdown`, SIGTERM or SIGINT.
 */
import { DaemonLog } from './daemon-log.ts';
import { runDaemon } from './daemon.ts';
import type { DaemonOptions } from './daemon.ts';

// Was for this process alone: see main/daemon/launch/daemon-runtime.ts.
delete process.env['MALLOC_ARENA_MAX'];
const options = JSON.parse(process.argv[2] ?? '{}') as DaemonOptions;
const log = new DaemonLog(process.stderr);

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
