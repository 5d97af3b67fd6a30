/** The node agent's entry: kubelet, kube-proxy, network and DNS in one process. Usage: agent [--config FILE] */
import { runAgent } from './agent.ts';
import { configFileOf, readConfiguration } from './config.ts';
import { parts } from './parts.ts';
import { systemClock, systemRandom } from './system-clock.ts';

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(`received ${name}`)));
process.on('unhandledRejection', (error) => console.error('Unhandled rejection', error));

try {
  const config = await readConfiguration(configFileOf(process.argv.slice(2)));
  console.log('Node agent starts', { node: config.nodeName, apiServer: config.apiServer, pid: process.pid });
  await runAgent({ config, parts, clock: systemClock, random: systemRandom, signal: stop.signal });
} catch (error) {
  if (!stop.signal.aborted) {
    console.error('The node agent cannot go on', error);
    process.exitCode = 1;
  }
}
// Whatever is still open (a watch that does not end, a stream of exec) must not keep a stopped agent alive.
process.exit();
