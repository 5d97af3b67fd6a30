import type { Clock } from '../../../kube/apimachinery/clock.ts';
import { formatDuration } from '../../../kube/apimachinery/duration.ts';
import type { Container, Pod, Secret } from '../../../kube/api/generated/core/v1.ts';
import type { Image, PodSandboxConfig } from '../../runtime/cri-types.ts';
import { RuntimeError } from '../../runtime/runtime-service.ts';
import type { ImageService } from '../../runtime/runtime-service.ts';
import { BackOff } from '../back-off.ts';
import { containerFieldPath } from '../events.ts';
import type { EventSink } from '../events.ts';
import { canonicalImageName, defaultPullPolicy } from './image-name.ts';
import { pullCredentials } from './pull-credentials.ts';

/** reason is the container's waiting reason: ErrImagePull, ImagePullBackOff, ErrImageNeverPull, InvalidImageName, ImageInspectError. */
export class ImageError extends Error {
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  constructor(options: { readonly reason: string; readonly message: string; readonly retryAfterMs?: number; readonly cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.reason = options.reason;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface EnsureImageOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly sandboxConfig: PodSandboxConfig;
  readonly secrets: readonly Secret[];
  readonly signal: AbortSignal;
}

/** At most this many pulls at once; more only share one network (upstream pulls one by one by default). */
const MAX_PARALLEL_PULLS = 3;

/** Brings a container's image to the node as its pull policy says, with upstream's events and back-off (pkg/kubelet/images). */
export class ImageManager {
  readonly #images: ImageService;
  readonly #events: EventSink;
  readonly #clock: Clock;
  readonly #backOff = new BackOff({ initialMs: 10_000, maxMs: 300_000 });
  readonly #lastErrors = new Map<string, string>();
  readonly #pulling = new Map<string, Promise<string>>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(options: { readonly images: ImageService; readonly events: EventSink; readonly clock: Clock }) {
    this.#images = options.images;
    this.#events = options.events;
    this.#clock = options.clock;
  }

  async ensureImage(options: EnsureImageOptions): Promise<{ readonly imageRef: string; readonly image: Image | undefined }> {
    const { pod, container } = options;
    const asked = container.image ?? '';
    const note = (type: 'Normal' | 'Warning', reason: string, message: string): void => this.#events.pod(pod, { type, reason, message, fieldPath: containerFieldPath(pod, container.name) });
    const image = canonicalImageName(asked);
    if (image === undefined) {
      note('Warning', 'InspectFailed', `Failed to apply default image tag "${asked}": couldn't parse image name "${asked}": invalid reference format`);
      throw new ImageError({ reason: 'InvalidImageName', message: `Failed to apply default image tag "${asked}": couldn't parse image name "${asked}": invalid reference format` });
    }
    const present = await this.#inspect(image, asked, note);
    const policy = container.imagePullPolicy ?? defaultPullPolicy(asked);
    if (present !== undefined && policy !== 'Always') {
      note('Normal', 'Pulled', `Container image "${asked}" already present on machine and can be accessed by the pod`);
      return { imageRef: present.id, image: present };
    }
    if (policy === 'Never') {
      const message = `Container image "${asked}" is not present with pull policy of Never`;
      note('Warning', 'ErrImageNeverPull', message);
      throw new ImageError({ reason: 'ErrImageNeverPull', message });
    }
    const imageRef = await this.#pullWithBackOff({ ...options, image, asked, note });
    return { imageRef, image: await this.#images.imageStatus(imageRef).catch(() => undefined) };
  }

  forgetPod(uid: string): void {
    this.#backOff.forget(`${uid}_`);
    for (const key of this.#lastErrors.keys()) if (key.startsWith(`${uid}_`)) this.#lastErrors.delete(key);
  }

  async #inspect(image: string, asked: string, note: Note): Promise<Image | undefined> {
    try {
      return await this.#images.imageStatus(image);
    } catch (error) {
      const message = `Failed to inspect image "${asked}": ${error instanceof Error ? error.message : String(error)}`;
      note('Warning', 'InspectFailed', message);
      throw new ImageError({ reason: 'ImageInspectError', message, cause: error });
    }
  }

  async #pullWithBackOff({ pod, asked, image, secrets, sandboxConfig, signal, note }: EnsureImageOptions & { image: string; asked: string; note: Note }): Promise<string> {
    const key = `${pod.metadata.uid}_${asked}`;
    const nowMs = this.#clock.now();
    const since = this.#pullFailedAt.get(key) ?? 0;
    const waitMs = this.#backOff.remainingMs(key, { sinceMs: since, nowMs });
    if (waitMs > 0) {
      note('Normal', 'BackOff', `Back-off pulling image "${asked}"`);
      const last = this.#lastErrors.get(key);
      throw new ImageError({ reason: 'ImagePullBackOff', message: `Back-off pulling image "${asked}"${last === undefined ? '' : `: ${last}`}`, retryAfterMs: waitMs });
    }
    note('Normal', 'Pulling', `Pulling image "${asked}"`);
    const started = this.#clock.monotonicMs();
    try {
      const { ref, pullMs } = await this.#pull({ image, secrets, sandboxConfig, signal });
      const size = (await this.#images.imageStatus(ref).catch(() => undefined))?.size ?? 0;
      const waited = formatDuration(Math.round(this.#clock.monotonicMs() - started));
      note('Normal', 'Pulled', `Successfully pulled image "${asked}" in ${formatDuration(Math.round(pullMs))} (${waited} including waiting). Image size: ${size} bytes.`);
      this.#backOff.forget(key);
      this.#lastErrors.delete(key);
      return ref;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const text = error instanceof Error ? error.message : String(error);
      note('Warning', 'Failed', `Failed to pull image "${asked}": ${text}`);
      this.#backOff.next(key, this.#clock.now());
      this.#pullFailedAt.set(key, this.#clock.now());
      const message = error instanceof RuntimeError ? text : `failed to pull image "${asked}": ${text}`;
      this.#lastErrors.set(key, `ErrImagePull: ${message}`);
      throw new ImageError({ reason: 'ErrImagePull', message, retryAfterMs: this.#backOff.delayMs(key), cause: error });
    }
  }

  readonly #pullFailedAt = new Map<string, number>();

  /** Two pods that want the same image share one pull, unless credentials come in. */
  async #pull(request: { image: string; secrets: readonly Secret[]; sandboxConfig: PodSandboxConfig; signal: AbortSignal }): Promise<{ ref: string; pullMs: number }> {
    const credentials = pullCredentials(request.image, request.secrets);
    const shared = credentials.length === 0 ? this.#pulling.get(request.image) : undefined;
    const started = this.#clock.monotonicMs();
    // A pod that goes away does not wait; the pull goes on for whoever asks next.
    if (shared !== undefined) return { ref: await unlessAborted(shared, request.signal), pullMs: this.#clock.monotonicMs() - started };
    const pull = this.#inSlot(async () => {
      let failure: unknown;
      for (const auth of credentials.length === 0 ? [undefined] : credentials) {
        try {
          return await this.#images.pullImage({ image: request.image, auth, sandboxConfig: request.sandboxConfig });
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    });
    if (credentials.length > 0) return { ref: await unlessAborted(pull, request.signal), pullMs: this.#clock.monotonicMs() - started };
    this.#pulling.set(request.image, pull);
    const forget = (): void => void this.#pulling.delete(request.image);
    pull.then(forget, forget);
    return { ref: await unlessAborted(pull, request.signal), pullMs: this.#clock.monotonicMs() - started };
  }

  async #inSlot<T>(work: () => Promise<T>): Promise<T> {
    if (this.#active >= MAX_PARALLEL_PULLS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#active++;
    try {
      return await work();
    } finally {
      this.#active--;
      this.#waiting.shift()?.();
    }
  }
}

/** Rejects with the signal's reason; what is left of the work is nobody's business then. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

type Note = (type: 'Normal' | 'Warning', reason: string, message: string) => void;
