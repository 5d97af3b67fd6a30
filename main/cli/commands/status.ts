import type { ClusterStatus } from '../../bridge/contract.ts';
import { connectToDaemon, currentStatus } from '../daemon-connection.ts';
import { parseCommand } from '../options.ts';

/** Exit code 0 when the cluster runs, 3 when it does not. */
export async function status(args: readonly string[]): Promise<number> {
  const { directory, json } = parseCommand(args, {});
  using connection = await connectToDaemon(directory);
  if (connection === undefined) {
    console.log(json ? JSON.stringify({ phase: 'Stopped', dataDirectory: directory.root }) : `Stopped (${directory.root})`);
    return 3;
  }
  const current = await currentStatus(connection);
  console.log(json ? JSON.stringify(current, undefined, 2) : render(current));
  return current.phase === 'Running' ? 0 : 3;
}

function render(current: ClusterStatus): string {
  const plane = current.controlPlane;
  const rows: [string, string | undefined][] = [
    ['Phase', current.phase],
    ['Kubernetes', current.version],
    ['API server', current.apiServerURL],
    ['Window', current.uiURL],
    ['Kubeconfig', current.kubeconfig],
    ['Data', current.dataDirectory],
    ['Control plane', plane && `${plane.residentMiB} MiB, ${plane.cpuSeconds.toFixed(1)} CPU s, revision ${plane.revision}`],
  ];
  const facts = rows.filter(([, value]) => value !== undefined).map(([label, value]) => `${`${label}:`.padEnd(15)}${value}`);
  const machines = current.machines.map((machine) => `  ${machine.name.padEnd(14)}${machine.driver.padEnd(11)}${machine.phase.padEnd(10)}${machine.residentMiB === undefined ? '' : `${Math.round(machine.residentMiB)} MiB  `}${machine.message ?? ''}`);
  return [...facts, ...(machines.length > 0 ? ['Machines:', ...machines] : [])].join('\n');
}
