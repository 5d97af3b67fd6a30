/** Messages of k8s.io networking/v1 (1.36); grammar in ../definition-table.ts. */
export const networkingV1 = `
HTTPIngressPath path:1:s pathType:3:s:*!:Cv1.PathType backend:2:IngressBackend:!
HTTPIngressRuleValue paths:1:[HTTPIngressPath:!:La
IPAddress @K metadata:1:meta/v1.ObjectMeta spec:2:IPAddressSpec::R
IPAddressList @K metadata:1:meta/v1.ListMeta items:2:[IPAddress:!
IPAddressSpec parentRef:1:ParentReference:*:R
IPBlock cidr:1:s:! except:2:[s::La
Ingress @K metadata:1:meta/v1.ObjectMeta spec:2:IngressSpec status:3:IngressStatus
IngressBackend service:4:IngressServiceBackend:* resource:3:core/v1.TypedLocalObjectReference:*
IngressClass @K metadata:1:meta/v1.ObjectMeta spec:2:IngressClassSpec
IngressClassList @K metadata:1:meta/v1.ListMeta items:2:[IngressClass:!
IngressClassParametersReference apiGroup:1:s:* kind:2:s:! name:3:s:! scope:4:s:*!:O namespace:5:s:*
IngressClassSpec controller:1:s parameters:2:IngressClassParametersReference:*
IngressList @K metadata:1:meta/v1.ListMeta items:2:[Ingress:!
IngressLoadBalancerIngress ip:1:s hostname:2:s ports:4:[IngressPortStatus::La
IngressLoadBalancerStatus ingress:1:[IngressLoadBalancerIngress::La
IngressPortStatus port:1:i:! protocol:2:s:!:Cv1.Protocol error:3:s:*
IngressRule host:1:s ^:2:IngressRuleValue
IngressRuleValue http:1:HTTPIngressRuleValue:*
IngressServiceBackend name:1:s:! port:2:ServiceBackendPort
IngressSpec ingressClassName:4:s:* defaultBackend:1:IngressBackend:* tls:2:[IngressTLS::La rules:3:[IngressRule::La
IngressStatus loadBalancer:1:IngressLoadBalancerStatus
IngressTLS hosts:1:[s::La secretName:2:s
NetworkPolicy @K metadata:1:meta/v1.ObjectMeta spec:2:NetworkPolicySpec
NetworkPolicyEgressRule ports:1:[NetworkPolicyPort::La to:2:[NetworkPolicyPeer::La
NetworkPolicyIngressRule ports:1:[NetworkPolicyPort::La from:2:[NetworkPolicyPeer::La
NetworkPolicyList @K metadata:1:meta/v1.ListMeta items:2:[NetworkPolicy:!
NetworkPolicyPeer podSelector:1:meta/v1.LabelSelector:* namespaceSelector:2:meta/v1.LabelSelector:* ipBlock:3:IPBlock:*
NetworkPolicyPort protocol:1:s:*:Cv1.Protocol port:2:I:* endPort:3:i:*
NetworkPolicySpec podSelector:1:meta/v1.LabelSelector:!:O ingress:2:[NetworkPolicyIngressRule::La egress:3:[NetworkPolicyEgressRule::La policyTypes:4:[s::La:Cv1.PolicyType
ParentReference group:1:s resource:2:s::R namespace:3:s name:4:s::R
ServiceBackendPort @A name:1:s number:2:i
ServiceCIDR @K metadata:1:meta/v1.ObjectMeta spec:2:ServiceCIDRSpec status:3:ServiceCIDRStatus
ServiceCIDRList @K metadata:1:meta/v1.ListMeta items:2:[ServiceCIDR:!
ServiceCIDRSpec cidrs:1:[s::La
ServiceCIDRStatus conditions:1:[meta/v1.Condition::Lmtype:Pmerge/type
`;
