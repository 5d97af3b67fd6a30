import type { SchedulerPlugin } from '../framework/plugin.ts';

/** Higher priority first, then who came first. */
export const prioritySort: SchedulerPlugin = {
  name: 'PrioritySort',
  compare: (a, b) => b.podInfo.priority - a.podInfo.priority || a.queuedMs - b.queuedMs,
};
