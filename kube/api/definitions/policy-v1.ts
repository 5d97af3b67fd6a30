/** Messages of k8s.io policy/v1 (1.36); grammar in ../definition-table.ts. */
export const policyV1 = `
Eviction @K metadata:1:meta/v1.ObjectMeta deleteOptions:2:meta/v1.DeleteOptions:*
PodDisruptionBudget @K metadata:1:meta/v1.ObjectMeta spec:2:PodDisruptionBudgetSpec status:3:PodDisruptionBudgetStatus
PodDisruptionBudgetList @K metadata:1:meta/v1.ListMeta items:2:[PodDisruptionBudget:!
PodDisruptionBudgetSpec minAvailable:1:I:* selector:2:meta/v1.LabelSelector:*:Preplace maxUnavailable:3:I:* unhealthyPodEvictionPolicy:4:s:*:Cv1.UnhealthyPodEvictionPolicyType
PodDisruptionBudgetStatus observedGeneration:1:l disruptedPods:2:{T disruptionsAllowed:3:i:!:O currentHealthy:4:i:!:O desiredHealthy:5:i:!:O expectedPods:6:i:!:O conditions:7:[meta/v1.Condition::Lmtype:Pmerge/type
`;
