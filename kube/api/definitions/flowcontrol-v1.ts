/** Messages of k8s.io flowcontrol/v1 (1.36); grammar in ../definition-table.ts. */
export const flowcontrolV1 = `
ExemptPriorityLevelConfiguration nominalConcurrencyShares:1:i:* lendablePercent:2:i:*
FlowDistinguisherMethod type:1:s:!:Cv1.FlowDistinguisherMethodType
FlowSchema @K metadata:1:meta/v1.ObjectMeta spec:2:FlowSchemaSpec status:3:FlowSchemaStatus
FlowSchemaCondition type:1:s::Cv1.FlowSchemaConditionType status:2:s::Cv1.ConditionStatus lastTransitionTime:3:T reason:4:s message:5:s
FlowSchemaList @K metadata:1:meta/v1.ListMeta items:2:[FlowSchema:!
FlowSchemaSpec priorityLevelConfiguration:1:PriorityLevelConfigurationReference:! matchingPrecedence:2:i:!:O distinguisherMethod:3:FlowDistinguisherMethod:* rules:4:[PolicyRulesWithSubjects::La
FlowSchemaStatus conditions:1:[FlowSchemaCondition::Lmtype:Pmerge/type
GroupSubject name:1:s:!
LimitResponse type:1:s:!:Cv1.LimitResponseType queuing:2:QueuingConfiguration:*
LimitedPriorityLevelConfiguration nominalConcurrencyShares:1:i:*!:O limitResponse:2:LimitResponse lendablePercent:3:i:* borrowingLimitPercent:4:i:*
NonResourcePolicyRule verbs:1:[s:!:Ls nonResourceURLs:6:[s:!:Ls
PolicyRulesWithSubjects subjects:1:[Subject:!:La resourceRules:2:[ResourcePolicyRule::La nonResourceRules:3:[NonResourcePolicyRule::La
PriorityLevelConfiguration @K metadata:1:meta/v1.ObjectMeta spec:2:PriorityLevelConfigurationSpec status:3:PriorityLevelConfigurationStatus
PriorityLevelConfigurationCondition type:1:s::Cv1.PriorityLevelConfigurationConditionType status:2:s::Cv1.ConditionStatus lastTransitionTime:3:T reason:4:s message:5:s
PriorityLevelConfigurationList @K metadata:1:meta/v1.ListMeta items:2:[PriorityLevelConfiguration:!
PriorityLevelConfigurationReference name:1:s:!
PriorityLevelConfigurationSpec type:1:s:!:Cv1.PriorityLevelEnablement limited:2:LimitedPriorityLevelConfiguration:* exempt:3:ExemptPriorityLevelConfiguration:*
PriorityLevelConfigurationStatus conditions:1:[PriorityLevelConfigurationCondition::Lmtype:Pmerge/type
QueuingConfiguration queues:1:i:!:O handSize:2:i:!:O queueLengthLimit:3:i:!:O
ResourcePolicyRule verbs:1:[s:!:Ls apiGroups:2:[s:!:Ls resources:3:[s:!:Ls clusterScope:4:b namespaces:5:[s:!:Ls:O
ServiceAccountSubject namespace:1:s:! name:2:s:!
Subject kind:1:s:!:Cv1.SubjectKind user:2:UserSubject:* group:3:GroupSubject:* serviceAccount:4:ServiceAccountSubject:*
UserSubject name:1:s:!
`;
