import type { Status } from './status.ts';

/** Why no node fits, in the words of the FailedScheduling event. */
export interface Diagnosis {
  readonly totalNodes: number;
  readonly nodeStatuses: ReadonlyMap<string, Status>;
  readonly preFilterMessage?: string;
  readonly postFilterMessage?: string;
}

/** `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. preemption: …` */
export function fitErrorMessage({ totalNodes, nodeStatuses, preFilterMessage, postFilterMessage }: Diagnosis): string {
  let message = `0/${totalNodes} nodes are available:`;
  if (preFilterMessage) message += ` ${preFilterMessage}.`;
  else {
    const histogram = reasonHistogram(nodeStatuses.values());
    if (histogram.length > 0) message += ` ${histogram.join(', ')}.`;
  }
  return postFilterMessage ? `${message} ${postFilterMessage}` : message;
}

/** `2 Insufficient cpu` per distinct reason, sorted as text. */
export function reasonHistogram(statuses: Iterable<Status>): string[] {
  const counts = new Map<string, number>();
  for (const { reasons } of statuses) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
}
