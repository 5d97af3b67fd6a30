import type { AgentPart } from './agent-context.ts';

/** What runs on a node beside the kubelet, in starting order. */
export const parts: readonly AgentPart[] = [];
