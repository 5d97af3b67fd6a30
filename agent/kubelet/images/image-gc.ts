import { statfs } from 'node:fs/promises';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { Image } from '../../runtime/cri-types.ts';
import type { ImageService, RuntimeService } from '../../runtime/runtime-service.ts';

const PERIOD_MS = 300_000;
/** Upstream's imageGCHighThresholdPercent, imageGCLowThresholdPercent and imageMinimumGCAge. */
const HIGH_PERCENT = 85;
const LOW_PERCENT = 80;
const MINIMUM_AGE_MS = 120_000;
/** Differs from upstream: a large disk with this much room is not full at 85 %. */
const ROOM_ENOUGH_BYTES = 5 * 1024 ** 3;

export interface ImageGarbageOptions {
  readonly images: ImageService;
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  /** Lies on the disk that images fill. */
  readonly directory: string;
}

/** Deletes the images that were unused longest when the disk fills up (upstream: pkg/kubelet/images/image_gc_manager.go). */
export class ImageGarbage {
  readonly #options: ImageGarbageOptions;
  readonly #seen = new Map<string, { firstSeenMs: number; lastUsedMs: number }>();

  constructor(options: ImageGarbageOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.collect({ force: false }).catch((error: unknown) => console.error('Image garbage collection failed', { error: String(error) }));
      await this.#options.clock.sleep(PERIOD_MS, signal).catch(() => undefined);
    }
  }

  /** force: down to the low threshold is not enough, everything unused goes. Resolves with the bytes freed. */
  async collect({ force }: { readonly force: boolean }): Promise<number> {
    const { images, runtime, clock, directory } = this.#options;
    const nowMs = clock.monotonicMs();
    const all = await images.listImages();
    const used = new Set((await runtime.listContainers()).flatMap(({ imageRef, imageId, image }) => [imageRef, imageId, image?.image ?? '']));
    this.#remember(all, used, nowMs);
    const disk = await statfs(directory);
    const total = disk.blocks * disk.bsize;
    const usedBytes = total - disk.bavail * disk.bsize;
    if (!force && ((usedBytes * 100) / total < HIGH_PERCENT || total - usedBytes > ROOM_ENOUGH_BYTES)) return 0;
    const goal = force ? Number.POSITIVE_INFINITY : usedBytes - (total * LOW_PERCENT) / 100;
    let freed = 0;
    for (const image of candidates({ all, used, seen: this.#seen, nowMs, minimumAgeMs: force ? 0 : MINIMUM_AGE_MS })) {
      if (freed >= goal) break;
      await images.removeImage(image.id);
      freed += image.size;
    }
    return freed;
  }

  #remember(all: readonly Image[], used: ReadonlySet<string>, nowMs: number): void {
    for (const image of all) {
      const known = this.#seen.get(image.id);
      if (known === undefined) this.#seen.set(image.id, { firstSeenMs: nowMs, lastUsedMs: nowMs });
      else if (isUsed(image, used)) known.lastUsedMs = nowMs;
    }
    const present = new Set(all.map(({ id }) => id));
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id);
  }
}

function isUsed(image: Image, used: ReadonlySet<string>): boolean {
  return used.has(image.id) || [...image.repoTags, ...image.repoDigests].some((name) => used.has(name));
}

interface CandidateInput {
  readonly all: readonly Image[];
  readonly used: ReadonlySet<string>;
  readonly seen: ReadonlyMap<string, { readonly firstSeenMs: number; readonly lastUsedMs: number }>;
  readonly nowMs: number;
  readonly minimumAgeMs: number;
}

/** Unused and old enough, least recently used first; pinned images (the sandbox's) never. */
export function candidates({ all, used, seen, nowMs, minimumAgeMs }: CandidateInput): readonly Image[] {
  return all
    .filter((image) => !image.pinned && !isUsed(image, used) && !image.repoTags.some((tag) => tag.includes('/pause:')) && nowMs - (seen.get(image.id)?.firstSeenMs ?? nowMs) >= minimumAgeMs)
    .sort((a, b) => (seen.get(a.id)?.lastUsedMs ?? 0) - (seen.get(b.id)?.lastUsedMs ?? 0));
}
