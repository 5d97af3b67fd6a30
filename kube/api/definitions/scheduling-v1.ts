/** Messages of k8s.io scheduling/v1 (1.36); grammar in ../definition-table.ts. */
export const schedulingV1 = `
PriorityClass @K metadata:1:meta/v1.ObjectMeta value:2:i:!:O globalDefault:3:b description:4:s preemptionPolicy:5:s:*:Capiv1.PreemptionPolicy
PriorityClassList @K metadata:1:meta/v1.ListMeta items:2:[PriorityClass:!
`;
