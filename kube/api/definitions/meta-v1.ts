/** Messages of k8s.io meta/v1 (1.36); grammar in ../definition-table.ts. */
export const metaV1 = `
APIGroup @K name:1:s:! versions:2:[GroupVersionForDiscovery:!:La preferredVersion:3:GroupVersionForDiscovery serverAddressByClientCIDRs:4:[ServerAddressByClientCIDR::La
APIGroupList @K groups:1:[APIGroup:!:La
APIResource name:1:s:! singularName:6:s:! namespaced:2:b:! group:8:s version:9:s kind:3:s:! verbs:4:Verbs:*! shortNames:5:[s::La categories:7:[s::La storageVersionHash:10:s
APIResourceList @K groupVersion:1:s:! resources:2:[APIResource:!:La
APIVersions @K versions:1:[s:!:La serverAddressByClientCIDRs:2:[ServerAddressByClientCIDR:!:La
ApplyOptions @K dryRun:1:[s::La force:2:b:! fieldManager:3:s:!
Condition type:1:s:! status:2:s:!:Cv1.ConditionStatus observedGeneration:3:l lastTransitionTime:4:T:! reason:5:s:! message:6:s:!
CreateOptions @K dryRun:1:[s::La fieldManager:3:s fieldValidation:4:s
DeleteOptions @K gracePeriodSeconds:1:l:* preconditions:2:Preconditions:* orphanDependents:3:b:* propagationPolicy:4:s:*:Cv1.DeletionPropagation dryRun:5:[s::La ignoreStoreReadErrorWithClusterBreakingPotential:6:b:*
FieldSelectorRequirement key:1:s:! operator:2:s:!:Cv1.FieldSelectorOperator values:3:[s::La
GetOptions @K resourceVersion:1:s
GroupKind group:1:s:! kind:2:s:!
GroupResource group:1:s:! resource:2:s:!
GroupVersion group:1:s:! version:2:s:!
GroupVersionForDiscovery groupVersion:1:s:! version:2:s:!
GroupVersionKind group:1:s:! version:2:s:! kind:3:s:!
GroupVersionResource group:1:s:! version:2:s:! resource:3:s:!
LabelSelector @A matchLabels:1:{s matchExpressions:2:[LabelSelectorRequirement::La
LabelSelectorRequirement key:1:s:! operator:2:s:!:Cv1.LabelSelectorOperator values:3:[s::La
List @K metadata:1:ListMeta items:2:[R:!
ListMeta selfLink:1:s resourceVersion:2:s continue:3:s remainingItemCount:4:l:* shardInfo:5:ShardInfo:*
ListOptions @K labelSelector:1:s fieldSelector:2:s watch:3:b allowWatchBookmarks:9:b resourceVersion:4:s resourceVersionMatch:10:s::Cv1.ResourceVersionMatch timeoutSeconds:5:l:* limit:7:l continue:8:s sendInitialEvents:11:b:* shardSelector:15:s
ManagedFieldsEntry manager:1:s operation:2:s::Cv1.ManagedFieldsOperationType apiVersion:3:s time:4:T:* fieldsType:6:s fieldsV1:7:F:* subresource:8:s
ObjectMeta name:1:s generateName:2:s namespace:3:s selfLink:4:s uid:5:s::Ctypes.UID resourceVersion:6:s generation:7:l creationTimestamp:8:T:0 deletionTimestamp:9:T:* deletionGracePeriodSeconds:10:l:* labels:11:{s annotations:12:{s ownerReferences:13:[OwnerReference::Lmuid:Pmerge/uid finalizers:14:[s::Ls:Pmerge managedFields:17:[ManagedFieldsEntry::La
OwnerReference @A apiVersion:5:s:! kind:1:s:! name:3:s:! uid:4:s:!:Ctypes.UID controller:6:b:* blockOwnerDeletion:7:b:*
PartialObjectMetadata @K metadata:1:ObjectMeta
PartialObjectMetadataList @K metadata:1:ListMeta items:2:[PartialObjectMetadata:!
Patch
PatchOptions @K dryRun:1:[s::La force:2:b:* fieldManager:3:s fieldValidation:4:s
Preconditions uid:1:s:*:Ctypes.UID resourceVersion:2:s:*
RootPaths paths:1:[s:!:La
ServerAddressByClientCIDR clientCIDR:1:s:! serverAddress:2:s:!
ShardInfo selector:1:s:!
Status @K metadata:1:ListMeta status:2:s message:3:s reason:4:s::Cv1.StatusReason details:5:StatusDetails:* code:6:i
StatusCause reason:1:s::Cv1.CauseType message:2:s field:3:s
StatusDetails name:1:s group:2:s kind:3:s uid:6:s::Ctypes.UID causes:4:[StatusCause::La retryAfterSeconds:5:i
TableOptions @K includeObject:1:s::Cv1.IncludeObjectPolicy
TypeMeta kind:1:s apiVersion:2:s
UpdateOptions @K dryRun:1:[s::La fieldManager:2:s fieldValidation:3:s
Verbs items:1:[s
WatchEvent type:1:s:! object:2:R:!
`;
