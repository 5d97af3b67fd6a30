/** Messages of k8s.io apiregistration/v1 (1.36); grammar in ../definition-table.ts. */
export const apiregistrationV1 = `
APIService @K metadata:1:meta/v1.ObjectMeta spec:2:APIServiceSpec status:3:APIServiceStatus
APIServiceCondition type:1:s:! status:2:s:! lastTransitionTime:3:T reason:4:s message:5:s
APIServiceList @K metadata:1:meta/v1.ListMeta items:2:[APIService:!
APIServiceSpec service:1:ServiceReference:* group:2:s version:3:s insecureSkipTLSVerify:4:b caBundle:5:y::La groupPriorityMinimum:7:i:! versionPriority:8:i:!
APIServiceStatus conditions:1:[APIServiceCondition::Lmtype:Pmerge/type
ServiceReference namespace:1:s name:2:s port:3:i:*
`;
