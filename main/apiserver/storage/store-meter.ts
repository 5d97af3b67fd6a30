/** What one resource asks of the store. */
export type StoreOperation = 'get' | 'create' | 'update' | 'delete';

export interface StoreMeter {
  asked(operation: StoreOperation, outcome: { readonly elapsedMs: number; readonly failed: boolean }): void;
}
