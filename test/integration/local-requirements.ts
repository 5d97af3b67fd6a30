/** Why the tests on local nodes cannot run here, printed once; undefined when they can. */
export function localNodesUnavailable(): string | undefined {
  const reason = process.platform !== 'linux' ? 'driver "local" runs on Linux only' : process.getuid?.() === 0 ? undefined : 'driver "local" needs root';
  if (reason !== undefined) console.log(`skipped: ${reason}`);
  return reason;
}
