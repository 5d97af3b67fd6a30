import { MAX_NODE_SCORE } from '../framework/normalize.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { SKIP } from '../framework/status.ts';

/** Prefers nodes whose cpu and memory are used in like measure. */
export const nodeResourcesBalancedAllocation: SchedulerPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  preScore: (_state, { requests }) => (requests.milliCPU === 0 && requests.memory === 0 ? SKIP : undefined),
  score(_state, { requests }, { allocatable, requested }) {
    if (allocatable.milliCPU === 0 || allocatable.memory === 0) return 0;
    const cpu = Math.min(1, (requested.milliCPU + requests.milliCPU) / allocatable.milliCPU);
    const memory = Math.min(1, (requested.memory + requests.memory) / allocatable.memory);
    return Math.floor((1 - Math.abs(cpu - memory) / 2) * MAX_NODE_SCORE);
  },
};
