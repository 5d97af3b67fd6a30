import type { NodeInfo } from '../framework/node-info.ts';
import { MAX_NODE_SCORE } from '../framework/normalize.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { SKIP } from '../framework/status.ts';

const NAME = 'ImageLocality';
const MiB = 1024 * 1024;
/** Upstream's thresholds: less is not worth it, more is no better. */
const MIN_THRESHOLD = 23 * MiB;
const MAX_CONTAINER_THRESHOLD = 1000 * MiB;

interface ImageSpread {
  readonly images: readonly string[];
  readonly nodesWith: ReadonlyMap<string, number>;
  readonly totalNodes: number;
}

/** Prefers nodes that have the pod's images, weighed by how widely each image is spread, so that no node attracts all pods. */
export const imageLocality: SchedulerPlugin = {
  name: NAME,
  weight: 1,
  preScore(state, { pod }, nodes) {
    const images = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(({ image }) => normalizedName(image ?? ''));
    const nodesWith = new Map<string, number>();
    for (const node of nodes) for (const image of images) if (imageSize(node, image) > 0) nodesWith.set(image, (nodesWith.get(image) ?? 0) + 1);
    if (nodesWith.size === 0) return SKIP;
    state.write(NAME, { images, nodesWith, totalNodes: nodes.length } satisfies ImageSpread);
    return undefined;
  },
  score(state, _info, node) {
    const spread = state.read<ImageSpread>(NAME);
    if (spread === undefined) return 0;
    const { images, nodesWith, totalNodes } = spread;
    const sum = images.reduce((total, image) => total + Math.floor((imageSize(node, image) * (nodesWith.get(image) ?? 0)) / totalNodes), 0);
    const max = MAX_CONTAINER_THRESHOLD * images.length;
    return Math.floor((MAX_NODE_SCORE * (Math.min(max, Math.max(MIN_THRESHOLD, sum)) - MIN_THRESHOLD)) / (max - MIN_THRESHOLD));
  },
};

function imageSize({ node }: NodeInfo, image: string): number {
  return node.status?.images?.find(({ names = [] }) => names.includes(image))?.sizeBytes ?? 0;
}

/** An image without a tag means `:latest`. */
function normalizedName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
