import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { answerValue } from './answer.ts';
import { deleteOne, deleteOptionsOf, warnOfKeptPods } from './delete.ts';
import { itemOf, listKindOf } from './list.ts';
import { checkListOptions } from './list-options.ts';
import type { ApiResponse } from './request.ts';
import type { ResourceRequest } from './resource-request.ts';
import { selectionOf } from './selection.ts';

/** Deletions under way at once; the store groups their commits. */
const PARALLEL_DELETES = 16;

export async function deleteCollection(request: ResourceRequest): Promise<ApiResponse> {
  const { context, served, registry } = request;
  const options = await deleteOptionsOf(request);
  warnOfKeptPods(request, options);
  const { query, signal } = context.request;
  checkListOptions(query, { watch: false });
  const resourceVersion = query.get('resourceVersion');
  const limit = Number(query.get('limit') ?? 0);
  const continueToken = query.get('continue');
  const list = await registry.storage.list({
    ...selectionOf(request), signal,
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(limit > 0 ? { limit } : {}),
    ...(continueToken ? { continue: continueToken } : {}),
  });
  const pending = list.items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const { name, namespace } of pending) {
      signal.throwIfAborted();
      await deleteOne(request, namespace === undefined ? { name } : { namespace, name }, options).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_DELETES, list.items.length) }, worker));
  const items = list.items.map((item) => itemOf(served, item.object));
  const metadata = { resourceVersion: list.resourceVersion, ...(list.continue ? { continue: list.continue } : {}) };
  return answerValue(request.media, { kind: listKindOf(served), apiVersion: served.apiVersion, metadata, items });
}
