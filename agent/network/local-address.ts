import { runCommand } from './run-command.ts';

/** Makes an address (10.96.0.10) the node's own, on the loopback interface: pods reach it through their gateway, and it never leaves the node. */
export async function assignLocalAddress(address: string, run: typeof runCommand = runCommand): Promise<void> {
  await run(['ip', '-4', 'address', 'replace', `${address}/32`, 'dev', 'lo']);
}
