/** Messages of k8s.io batch/v1 (1.36); grammar in ../definition-table.ts. */
export const batchV1 = `
CronJob @K metadata:1:meta/v1.ObjectMeta spec:2:CronJobSpec::R status:3:CronJobStatus
CronJobList @K metadata:1:meta/v1.ListMeta items:2:[CronJob:!
CronJobSpec schedule:1:s:! timeZone:8:s:* startingDeadlineSeconds:2:l:* concurrencyPolicy:3:s::Cv1.ConcurrencyPolicy suspend:4:b:* jobTemplate:5:JobTemplateSpec:! successfulJobsHistoryLimit:6:i:* failedJobsHistoryLimit:7:i:*
CronJobStatus active:1:[core/v1.ObjectReference::La lastScheduleTime:4:T:* lastSuccessfulTime:5:T:*
Job @K metadata:1:meta/v1.ObjectMeta spec:2:JobSpec status:3:JobStatus
JobCondition type:1:s:!:Cv1.JobConditionType status:2:s:!:Cv1.ConditionStatus lastProbeTime:3:T lastTransitionTime:4:T reason:5:s message:6:s
JobList @K metadata:1:meta/v1.ListMeta items:2:[Job:!
JobSpec parallelism:1:i:* completions:2:i:* activeDeadlineSeconds:3:l:* podFailurePolicy:11:PodFailurePolicy:* successPolicy:16:SuccessPolicy:* backoffLimit:7:i:* backoffLimitPerIndex:12:i:* maxFailedIndexes:13:i:* selector:4:meta/v1.LabelSelector:* manualSelector:5:b:* template:6:core/v1.PodTemplateSpec:! ttlSecondsAfterFinished:8:i:* completionMode:9:s:*:Cv1.CompletionMode suspend:10:b:* podReplacementPolicy:14:s:*:Cv1.PodReplacementPolicy managedBy:15:s:*
JobStatus conditions:1:[JobCondition::La:Pmerge/type startTime:2:T:* completionTime:3:T:* active:4:i succeeded:5:i failed:6:i terminating:11:i:* completedIndexes:7:s failedIndexes:10:s:* uncountedTerminatedPods:8:UncountedTerminatedPods:* ready:9:i:*
JobTemplateSpec metadata:1:meta/v1.ObjectMeta spec:2:JobSpec
PodFailurePolicy rules:1:[PodFailurePolicyRule:!:La
PodFailurePolicyOnExitCodesRequirement containerName:1:s:* operator:2:s:!:Cv1.PodFailurePolicyOnExitCodesOperator values:3:[i:!:Ls
PodFailurePolicyOnPodConditionsPattern type:1:s:!:Cv1.PodConditionType status:2:s:!:O:Cv1.ConditionStatus
PodFailurePolicyRule action:1:s:!:Cv1.PodFailurePolicyAction onExitCodes:2:PodFailurePolicyOnExitCodesRequirement:* onPodConditions:3:[PodFailurePolicyOnPodConditionsPattern::La
SuccessPolicy rules:1:[SuccessPolicyRule:!:La
SuccessPolicyRule succeededIndexes:1:s:* succeededCount:2:i:*
UncountedTerminatedPods succeeded:1:[s::Ls:Ctypes.UID failed:2:[s::Ls:Ctypes.UID
`;
