/** Addresses on the cluster network and their hardware addresses; see docs/ARCHITECTURE.md. */
export function clusterAddress(index: number): string {
  if (!Number.isInteger(index) || index < 1 || index > 240) throw new Error(`Cannot give node number ${index} an address: 1 to 240 are possible`);
  return `10.89.0.${10 + index}`;
}

export function clusterMac(index: number): string {
  return `52:54:00:89:00:${(10 + index).toString(16).padStart(2, '0')}`;
}

/** The host's ports that a node must reach at 10.0.2.2: the API server and the image registry. */
export function hostPorts(agent: { readonly apiServer: string; readonly imageMirror?: string }): readonly number[] {
  const ports = [Number(new URL(agent.apiServer).port || 443)];
  if (agent.imageMirror) ports.push(Number(new URL(`http://${agent.imageMirror}`).port || 80));
  return [...new Set(ports)];
}

/** The host as every node sees it; QEMU's user network gives it this address, driver `local` imitates it. */
export const hostAddress = '10.0.2.2';
