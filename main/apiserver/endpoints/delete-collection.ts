import { isNotFound } from '../../../kube/apimachinery/status.ts';
import { deleteOne, deleteOptionsOf, warnOfKeptPods } from './delete.ts';
import { answerList } from './list.ts';
import { checkListOptions, integerOption } from './list-options.ts';
import type { ApiResponse } from './request.ts';
import type { ResourceRequest } from './resource-request.ts';
import { selectionOf } from './selection.ts';

/** Deletions under way at once; the store groups their commits. */
const PARALLEL_DELETES = 16;

export async function deleteCollection(request: ResourceRequest): Promise<ApiResponse> {
  const { context, registry } = request;
  const options = await deleteOptionsOf(request);
  warnOfKeptPods(request, options);
  const { query, signal } = context.request;
  const limit = integerOption(query, 'limit') ?? 0;
  checkListOptions(query, { watch: false });
  const resourceVersion = query.get('resourceVersion');
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
  return answerList(request, list);
}
