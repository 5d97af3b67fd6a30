/** Messages of k8s.io admissionregistration/v1 (1.36); grammar in ../definition-table.ts. */
export const admissionregistrationV1 = `
ApplyConfiguration expression:1:s
AuditAnnotation key:1:s:! valueExpression:2:s:!
ExpressionWarning fieldRef:2:s:! warning:3:s:!
JSONPatch expression:1:s
MatchCondition name:1:s:! expression:2:s:!
MatchResources @A namespaceSelector:1:meta/v1.LabelSelector:* objectSelector:2:meta/v1.LabelSelector:* resourceRules:3:[NamedRuleWithOperations::La excludeResourceRules:4:[NamedRuleWithOperations::La matchPolicy:7:s:*:Cv1.MatchPolicyType
MutatingAdmissionPolicy @K metadata:1:meta/v1.ObjectMeta spec:2:MutatingAdmissionPolicySpec
MutatingAdmissionPolicyBinding @K metadata:1:meta/v1.ObjectMeta spec:2:MutatingAdmissionPolicyBindingSpec
MutatingAdmissionPolicyBindingList @K metadata:1:meta/v1.ListMeta items:2:[MutatingAdmissionPolicyBinding:!
MutatingAdmissionPolicyBindingSpec policyName:1:s paramRef:2:ParamRef:* matchResources:3:MatchResources:*
MutatingAdmissionPolicyList @K metadata:1:meta/v1.ListMeta items:2:[MutatingAdmissionPolicy:!
MutatingAdmissionPolicySpec paramKind:1:ParamKind:* matchConstraints:2:MatchResources:* variables:3:[Variable::La mutations:4:[Mutation::La failurePolicy:5:s:*:Cv1.FailurePolicyType matchConditions:6:[MatchCondition::Lmname:Pmerge/name reinvocationPolicy:7:s::Cv1.ReinvocationPolicyType
MutatingWebhook name:1:s:! clientConfig:2:WebhookClientConfig:! rules:3:[RuleWithOperations::La failurePolicy:4:s:*:Cv1.FailurePolicyType matchPolicy:9:s:*:Cv1.MatchPolicyType namespaceSelector:5:meta/v1.LabelSelector:* objectSelector:11:meta/v1.LabelSelector:* sideEffects:6:s:*!:Cv1.SideEffectClass timeoutSeconds:7:i:* admissionReviewVersions:8:[s:!:La reinvocationPolicy:10:s:*:Cv1.ReinvocationPolicyType matchConditions:12:[MatchCondition::Lmname:Pmerge/name
MutatingWebhookConfiguration @K metadata:1:meta/v1.ObjectMeta webhooks:2:[MutatingWebhook::Lmname:Pmerge/name
MutatingWebhookConfigurationList @K metadata:1:meta/v1.ListMeta items:2:[MutatingWebhookConfiguration:!
Mutation patchType:2:s:!:Cv1.PatchType applyConfiguration:3:ApplyConfiguration:* jsonPatch:4:JSONPatch:*
NamedRuleWithOperations @A resourceNames:1:[s::La ^:2:RuleWithOperations
ParamKind @A apiVersion:1:s kind:2:s
ParamRef @A name:1:s namespace:2:s selector:3:meta/v1.LabelSelector:* parameterNotFoundAction:4:s:*:Cv1.ParameterNotFoundActionType
Rule apiGroups:1:[s::La apiVersions:2:[s::La resources:3:[s::La scope:4:s:*:Cv1.ScopeType
RuleWithOperations operations:1:[s::La:Cv1.OperationType ^:2:Rule
ServiceReference namespace:1:s:! name:2:s:! path:3:s:* port:4:i:*
TypeChecking expressionWarnings:1:[ExpressionWarning::La
ValidatingAdmissionPolicy @K metadata:1:meta/v1.ObjectMeta spec:2:ValidatingAdmissionPolicySpec status:3:ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicyBinding @K metadata:1:meta/v1.ObjectMeta spec:2:ValidatingAdmissionPolicyBindingSpec::R
ValidatingAdmissionPolicyBindingList @K metadata:1:meta/v1.ListMeta items:2:[ValidatingAdmissionPolicyBinding:!
ValidatingAdmissionPolicyBindingSpec policyName:1:s::R paramRef:2:ParamRef:* matchResources:3:MatchResources:* validationActions:4:[s::Ls:R:Cv1.ValidationAction
ValidatingAdmissionPolicyList @K metadata:1:meta/v1.ListMeta items:2:[ValidatingAdmissionPolicy:!
ValidatingAdmissionPolicySpec paramKind:1:ParamKind:* matchConstraints:2:MatchResources:* validations:3:[Validation::La failurePolicy:4:s:*:Cv1.FailurePolicyType auditAnnotations:5:[AuditAnnotation::La matchConditions:6:[MatchCondition::Lmname:Pmerge/name variables:7:[Variable::Lmname:Pmerge/name
ValidatingAdmissionPolicyStatus observedGeneration:1:l typeChecking:2:TypeChecking:* conditions:3:[meta/v1.Condition::Lmtype
ValidatingWebhook name:1:s:! clientConfig:2:WebhookClientConfig:! rules:3:[RuleWithOperations::La failurePolicy:4:s:*:Cv1.FailurePolicyType matchPolicy:9:s:*:Cv1.MatchPolicyType namespaceSelector:5:meta/v1.LabelSelector:* objectSelector:10:meta/v1.LabelSelector:* sideEffects:6:s:*!:Cv1.SideEffectClass timeoutSeconds:7:i:* admissionReviewVersions:8:[s:!:La matchConditions:11:[MatchCondition::Lmname:Pmerge/name
ValidatingWebhookConfiguration @K metadata:1:meta/v1.ObjectMeta webhooks:2:[ValidatingWebhook::Lmname:Pmerge/name
ValidatingWebhookConfigurationList @K metadata:1:meta/v1.ListMeta items:2:[ValidatingWebhookConfiguration:!
Validation expression:1:s:! message:2:s reason:3:s:*:Cv1.StatusReason messageExpression:4:s
Variable @A name:1:s:! expression:2:s:!
WebhookClientConfig url:3:s:* service:1:ServiceReference:* caBundle:2:y
`;
