/** ClusterRoles `system:controller:NAME`, each bound to service account NAME of kube-system (upstream: controller_policy.go, 1.36); grammar in bootstrap-roles.ts. `E` is the rule to write events. */
export const bootstrapControllerRoles = `
attachdetach-controller
  list,watch - persistentvolumeclaims,persistentvolumes
  R - nodes
  patch,update - nodes/status
  list,watch - pods
  E
  create,delete,get,list,watch storage.k8s.io volumeattachments
  R storage.k8s.io csidrivers
  R storage.k8s.io csinodes
clusterrole-aggregation-controller
  escalate,get,list,patch,update,watch rbac.authorization.k8s.io clusterroles
cronjob-controller
  get,list,update,watch batch cronjobs
  create,delete,get,list,patch,update,watch batch jobs
  update batch cronjobs/status
  update batch cronjobs/finalizers
  delete,list,watch - pods
  E
daemon-set-controller
  R apps,extensions daemonsets
  update apps,extensions daemonsets/status
  update apps,extensions daemonsets/finalizers
  list,watch - nodes
  create,delete,list,patch,watch - pods
  create - pods/binding
  create,delete,get,list,patch,update,watch apps controllerrevisions
  E
deployment-controller
  get,list,update,watch apps,extensions deployments
  update apps,extensions deployments/status
  update apps,extensions deployments/finalizers
  create,delete,get,list,patch,update,watch apps,extensions replicasets
  get,list,update,watch - pods
  E
device-taint-eviction-controller
  delete,get,list,watch - pods
  patch,update - pods/status
  R resource.k8s.io resourceclaims
  R resource.k8s.io resourceslices
  R resource.k8s.io deviceclasses
  E
disruption-controller
  R apps,extensions deployments
  R apps,extensions replicasets
  R - replicationcontrollers
  R policy poddisruptionbudgets
  R apps statefulsets
  update policy poddisruptionbudgets/status
  patch,update - pods/status
  get * */scale
  E
endpoint-controller
  R - pods,services
  create,delete,get,list,update,watch - endpoints
  create - endpoints/restricted
  E
endpointslice-controller
  R - nodes,pods,services
  update - services/finalizers
  create,delete,get,list,update,watch discovery.k8s.io endpointslices
  create discovery.k8s.io endpointslices/restricted
  E
endpointslicemirroring-controller
  R - endpoints,services
  update - services/finalizers
  update - endpoints/finalizers
  create,delete,get,list,update,watch discovery.k8s.io endpointslices
  create discovery.k8s.io endpointslices/restricted
  E
expand-controller
  get,list,patch,update,watch - persistentvolumes
  patch,update - persistentvolumeclaims/status
  R - persistentvolumeclaims
  E
ephemeral-volume-controller
  R - pods
  update - pods/finalizers
  create,get,list,watch - persistentvolumeclaims
  E
resource-claim-controller
  R - pods
  update - pods/finalizers
  create,delete,get,list,watch resource.k8s.io resourceclaims
  patch,update resource.k8s.io resourceclaims,resourceclaims/status
  patch,update - pods/status
  E
  patch,update resource.k8s.io resourceclaims/binding
generic-garbage-collector
  delete,get,list,patch,update,watch * *
  E
horizontal-pod-autoscaler
  R autoscaling horizontalpodautoscalers
  update autoscaling horizontalpodautoscalers/status
  get,update * */scale
  list,watch - pods
  list,watch metrics.k8s.io pods
  R custom.metrics.k8s.io *
  R external.metrics.k8s.io *
  E
job-controller
  get,list,patch,update,watch batch jobs
  update batch jobs/status
  update batch jobs/finalizers
  create,delete,list,patch,watch - pods
  E
namespace-controller
  delete,get,list,watch - namespaces
  update - namespaces/finalize,namespaces/status
  R,delete,deletecollection * *
node-controller
  delete,get,list,patch,update,watch - nodes
  patch,update - nodes/status
  patch,update - pods/status
  delete,get,list,watch - pods
  E
persistent-volume-binder
  create,delete,get,list,update,watch - persistentvolumes
  update - persistentvolumes/status
  get,list,update,watch - persistentvolumeclaims
  update - persistentvolumeclaims/status
  create,delete,get,list,watch - pods
  R storage.k8s.io storageclasses
  list,watch - nodes
  E
  watch - events
pod-garbage-collector
  delete,list,watch - pods
  R - nodes
  patch - pods/status
replicaset-controller
  get,list,update,watch apps,extensions replicasets
  update apps,extensions replicasets/status
  update apps,extensions replicasets/finalizers
  create,delete,list,patch,watch - pods
  E
replication-controller
  get,list,update,watch - replicationcontrollers
  update - replicationcontrollers/status
  update - replicationcontrollers/finalizers
  create,delete,list,patch,watch - pods
  E
resourcequota-controller
  list,watch * *
  update - resourcequotas/status
  E
route-controller
  list,watch - nodes
  patch - nodes/status
  E
service-account-controller
  create - serviceaccounts
  E
service-controller
  R - services
  patch,update - services/status
  list,watch - nodes
  E
service-cidrs-controller
  get,list,patch,update,watch networking.k8s.io servicecidrs
  patch,update networking.k8s.io servicecidrs/finalizers
  patch,update networking.k8s.io servicecidrs/status
  R networking.k8s.io ipaddresses
  E
statefulset-controller
  list,watch - pods
  R apps statefulsets
  update apps statefulsets/status
  update apps statefulsets/finalizers
  create,delete,get,patch,update - pods
  create,delete,get,list,patch,update,watch apps controllerrevisions
  R,create - persistentvolumeclaims
  delete,update - persistentvolumeclaims
  update - pods/finalizers
  E
ttl-controller
  list,patch,update,watch - nodes
  E
certificate-controller
  delete,get,list,watch certificates.k8s.io certificatesigningrequests
  update certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status
  approve certificates.k8s.io signers names:kubernetes.io/kube-apiserver-client-kubelet
  sign certificates.k8s.io signers names:kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown
  create authorization.k8s.io subjectaccessreviews
  E
pvc-protection-controller
  get,list,update,watch - persistentvolumeclaims
  update - persistentvolumeclaims/status
  R - pods
  E
pv-protection-controller
  get,list,update,watch - persistentvolumes
  E
selinux-warning-controller
  E
  R - persistentvolumes
  R - persistentvolumeclaims
  R - pods
  R storage.k8s.io csidrivers
ttl-after-finished-controller
  delete,get,list,watch batch jobs
  E
root-ca-cert-publisher
  create,update - configmaps
  E
validatingadmissionpolicy-status-controller
  R admissionregistration.k8s.io validatingadmissionpolicies
  get,patch,update admissionregistration.k8s.io validatingadmissionpolicies/status
  E
legacy-service-account-token-cleaner
  get - configmaps names:kube-apiserver-legacy-service-account-token-tracking
  delete,patch - secrets
volumeattributesclass-protection-controller
  R - persistentvolumeclaims
  R - persistentvolumes
  R,update storage.k8s.io volumeattributesclasses
  E
`;

/** Roles in namespaces, with who is bound: `NAMESPACE NAME SUBJECT…`. */
export const bootstrapNamespaceRoles = `
kube-system extension-apiserver-authentication-reader
  R - configmaps names:extension-apiserver-authentication
kube-system system::leader-locking-kube-controller-manager u:system:kube-controller-manager s:kube-controller-manager s:leader-election-controller
  R,create,update coordination.k8s.io leases
  R,create,update coordination.k8s.io leasecandidates
kube-system system::leader-locking-kube-scheduler u:system:kube-scheduler s:kube-scheduler
  R,create,update coordination.k8s.io leases
  R,create,update coordination.k8s.io leasecandidates
kube-system system::extension-apiserver-authentication-reader =extension-apiserver-authentication-reader u:system:kube-controller-manager u:system:kube-scheduler
kube-system system:controller:bootstrap-signer s:bootstrap-signer
  R - secrets
kube-system system:controller:cloud-provider s:cloud-provider
  create,get,list,watch - configmaps
kube-system system:controller:token-cleaner s:token-cleaner
  delete,get,list,watch - secrets
  E
kube-public system:controller:bootstrap-signer s:bootstrap-signer
  R - configmaps
  update - configmaps names:cluster-info
  E
`;
