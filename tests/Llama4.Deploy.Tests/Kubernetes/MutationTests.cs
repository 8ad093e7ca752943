using System.Text.Json.Nodes;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>Each promise broken on purpose: the check that holds it sees that.</summary>
public class MutationTests
{
    private const string Template = "spec/template/spec";
    private const string Container = $"{Template}/containers/0";
    private const string Removed = "";

    /// <summary>What is broken: kind, name, path within ([NAME] is the item of that name), its new value as JSON (nothing removes it); and who must see it.</summary>
    public static TheoryData<string, string, string, string, string> Mutations => new()
    {
        { nameof(SelectorChecks.Selectors), "StatefulSet", "llama4-engine", "spec/selector/matchLabels/app.kubernetes.io~1component", "\"experts\"" },
        { nameof(SelectorChecks.Selectors), "StatefulSet", "llama4-engine", "spec/serviceName", "\"llama4\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4", "spec/selector/app.kubernetes.io~1component", "\"web\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4", "spec/ports/0/targetPort", "\"https\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4", "spec/ports/0/targetPort", "\"health\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4", "spec/clusterIP", "\"None\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4-experts", "spec/ports/0/targetPort", "\"health\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4-engine", "spec/clusterIP", Removed },
        { nameof(SelectorChecks.Selectors), "Service", "llama4-engine", "spec/publishNotReadyAddresses", Removed },
        { nameof(SelectorChecks.Selectors), "PodDisruptionBudget", "llama4-gateway", "spec/selector/matchLabels/app.kubernetes.io~1component", "\"web\"" },
        { nameof(SelectorChecks.Selectors), "NetworkPolicy", "redis", "spec/podSelector/matchLabels/app.kubernetes.io~1component", "\"store\"" },
        { nameof(SelectorChecks.Selectors), "StatefulSet", "llama4-experts", $"{Template}/topologySpreadConstraints/0/labelSelector/matchLabels/app.kubernetes.io~1component", "\"engine\"" },
        { nameof(SelectorChecks.Selectors), "Deployment", "llama4-gateway", $"{Template}/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/podAffinityTerm/labelSelector/matchLabels/app.kubernetes.io~1component", "\"engine\"" },
        { nameof(SelectorChecks.Selectors), "StatefulSet", "llama4-engine", "spec/selector", Removed },
        { nameof(SelectorChecks.Selectors), "StatefulSet", "llama4-engine", $"{Template}/topologySpreadConstraints/0/labelSelector/matchLabels/app.kubernetes.io~1component", Removed },
        { nameof(SelectorChecks.Selectors), "Deployment", "llama4-gateway", $"{Template}/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/podAffinityTerm/labelSelector/matchLabels", Removed },
        { nameof(SelectorChecks.Selectors), "Service", "llama4-redis", "spec/type", "\"NodePort\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4-redis", "spec/externalIPs", "[\"203.0.113.9\"]" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4", "spec/type", "\"LoadBalancer\"" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4", "spec/ports/0/port", "8080" },
        { nameof(SelectorChecks.Selectors), "Service", "llama4", "spec/ports/0/protocol", "\"UDP\"" },
        { nameof(SelectorChecks.Names), "Service", "llama4-redis", "metadata/namespace", "\"default\"" },
        { nameof(SelectorChecks.Names), "Service", "llama4-redis", "metadata/name", "\"llama4\"" },
        { nameof(SelectorChecks.Names), "Namespace", "llama4", "metadata/labels/pod-security.kubernetes.io~1enforce", "\"privileged\"" },
        { nameof(ProcessChecks.Arguments), "StatefulSet", "llama4-engine", $"{Container}/args/1", "\"--modle\"" },
        { nameof(ProcessChecks.Arguments), "StatefulSet", "llama4-engine", $"{Container}/args/8", "\"$(MEMROY)\"" },
        { nameof(ProcessChecks.Arguments), "StatefulSet", "llama4-engine", $"{Container}/env/8/value", "\"http://llama4-redis:6379\"" },
        { nameof(ProcessChecks.Arguments), "StatefulSet", "llama4-engine", $"{Container}/env/9/name", "\"LLAMA4_ADMIN\"" },
        { nameof(ProcessChecks.Arguments), "Deployment", "llama4-gateway", $"{Template}/enableServiceLinks", Removed },
        { nameof(ProcessChecks.Arguments), "Deployment", "llama4-gateway", $"{Container}/args/6", "\"gatway\"" },
        { nameof(ProcessChecks.Arguments), "StatefulSet", "llama4-experts", $"{Container}/env/[ORLEANS_SERVICE_ID]/name", "\"ORLEANS_SERVICEID\"" },
        { nameof(ProcessChecks.Arguments), "StatefulSet", "llama4-experts", $"{Container}/command", "[\"/bin/sleep\",\"inf\"]" },
        { nameof(ProcessChecks.Identity), "StatefulSet", "llama4-experts", $"{Container}/env/2/valueFrom/fieldRef/fieldPath", "\"metadata.name\"" },
        { nameof(ProcessChecks.Identity), "StatefulSet", "llama4-experts", "spec/template/metadata/labels/orleans~1clusterId", "\"other\"" },
        { nameof(ProcessChecks.Identity), "Deployment", "llama4-gateway", $"{Container}/env/4/value", "\"1GiB\"" },
        { nameof(ProcessChecks.Identity), "StatefulSet", "llama4-engine", $"{Container}/env/[ZONE]/valueFrom/fieldRef/fieldPath", "\"metadata.name\"" },
        { nameof(ProcessChecks.Identity), "StatefulSet", "llama4-experts", "spec/template/metadata/labels/orleans~1serviceId", "\"other\"" },
        { nameof(ProcessChecks.Identity), "StatefulSet", "llama4-engine", $"{Container}/env/[ORLEANS_SERVICE_ID]/valueFrom/fieldRef/fieldPath", "\"metadata.name\"" },
        { nameof(ProcessChecks.Ports), "StatefulSet", "llama4-engine", $"{Container}/ports/0/containerPort", "11112" },
        { nameof(ProcessChecks.Ports), "StatefulSet", "llama4-engine", $"{Container}/ports/1", Removed },
        { nameof(ProcessChecks.Ports), "Service", "llama4-redis", "spec/ports/0/port", "6380" },
        { nameof(ProcessChecks.Ports), "Deployment", "llama4-gateway", "spec/template/metadata/annotations/prometheus.io~1port", "\"8080\"" },
        { nameof(ProcessChecks.Ports), "StatefulSet", "llama4-engine", "spec/template/metadata/annotations/prometheus.io~1scrape", "\"false\"" },
        { nameof(ProcessChecks.Ports), "Deployment", "llama4-gateway", $"{Container}/args/10", "\"127.0.0.1\"" },
        { nameof(ProcessChecks.Ports), "StatefulSet", "llama4-engine", $"{Container}/ports/0/protocol", "\"UDP\"" },
        { nameof(ProcessChecks.Ports), "Deployment", "llama4-gateway", $"{Template}/dnsPolicy", "\"Default\"" },
        { nameof(ProcessChecks.Probes), "StatefulSet", "llama4-engine", $"{Container}/startupProbe/httpGet/path", "\"/health/live\"" },
        { nameof(ProcessChecks.Probes), "StatefulSet", "llama4-engine", $"{Container}/startupProbe/failureThreshold", "10" },
        { nameof(ProcessChecks.Probes), "Deployment", "llama4-gateway", $"{Container}/startupProbe/failureThreshold", "5" },
        { nameof(ProcessChecks.Probes), "StatefulSet", "llama4-redis", $"{Container}/readinessProbe/exec/command/2", "\"REDISCLI_AUTH=$REDIS_PASWORD redis-cli ping | grep -q PONG\"" },
        { nameof(ProcessChecks.Probes), "Deployment", "llama4-gateway", $"{Container}/livenessProbe/httpGet/path", "\"/health/ready\"" },
        { nameof(ProcessChecks.Probes), "Deployment", "llama4-gateway", $"{Container}/readinessProbe", Removed },
        { nameof(ProbeChecks.Times), "StatefulSet", "llama4-engine", $"{Container}/livenessProbe/failureThreshold", "1" },
        { nameof(ProbeChecks.Times), "StatefulSet", "llama4-engine", $"{Container}/livenessProbe/failureThreshold", "30" },
        { nameof(ProbeChecks.Times), "StatefulSet", "llama4-experts", $"{Container}/livenessProbe/periodSeconds", "100" },
        { nameof(ProbeChecks.Times), "StatefulSet", "llama4-experts", $"{Container}/livenessProbe/timeoutSeconds", Removed },
        { nameof(ProbeChecks.Times), "StatefulSet", "llama4-experts", $"{Container}/livenessProbe/terminationGracePeriodSeconds", "1" },
        { nameof(ProbeChecks.Times), "Deployment", "llama4-gateway", $"{Container}/readinessProbe/periodSeconds", "60" },
        { nameof(ProbeChecks.Times), "Deployment", "llama4-gateway", $"{Container}/readinessProbe/failureThreshold", "20" },
        { nameof(ProbeChecks.Times), "Deployment", "llama4-gateway", $"{Container}/readinessProbe/initialDelaySeconds", "3600" },
        { nameof(ProbeChecks.Times), "Deployment", "llama4-gateway", $"{Container}/livenessProbe/httpGet/scheme", "\"HTTPS\"" },
        { nameof(ProbeChecks.Times), "Deployment", "llama4-gateway", $"{Container}/livenessProbe/httpGet/host", "\"127.0.0.1\"" },
        { nameof(ProbeChecks.Times), "StatefulSet", "llama4-redis", $"{Container}/livenessProbe/exec/command", "[\"/bin/true\"]" },
        { nameof(ProbeChecks.Times), "StatefulSet", "llama4-redis", $"{Container}/readinessProbe/exec", Removed },
        { nameof(ProcessChecks.Grace), "StatefulSet", "llama4-experts", $"{Template}/terminationGracePeriodSeconds", "300" },
        { nameof(ProcessChecks.Grace), "StatefulSet", "llama4-engine", $"{Container}/lifecycle", """{"preStop":{"exec":{"command":["sleep","600"]}}}""" },
        { nameof(ProcessChecks.Grace), "StatefulSet", "llama4-engine", $"{Container}/lifecycle", """{"preStop":{"sleep":{"seconds":120}}}""" },
        { nameof(ProcessChecks.Grace), "StatefulSet", "llama4-redis", $"{Container}/lifecycle", """{"preStop":{"httpGet":{"path":"/","port":"redis"}}}""" },
        { nameof(ProcessChecks.Grace), "Deployment", "llama4-gateway", $"{Container}/lifecycle", Removed },
        { nameof(ProcessChecks.Grace), "StatefulSet", "llama4-redis", $"{Template}/terminationGracePeriodSeconds", "0" },
        { nameof(ProcessChecks.Grace), "StatefulSet", "llama4-redis", $"{Template}/terminationGracePeriodSeconds", Removed },
        { nameof(ProcessChecks.Images), "StatefulSet", "llama4-redis", $"{Container}/image", "\"redis:latest\"" },
        { nameof(ProcessChecks.Images), "Job", "llama4-fetch", $"{Container}/image", "\"localhost:5000/curl\"" },
        { nameof(ProcessChecks.Images), "StatefulSet", "llama4-experts", $"{Container}/image", "\"ghcr.io/llama4cluster/llama4:0.2.0\"" },
        { nameof(ProcessChecks.Images), "Deployment", "llama4-gateway", $"{Container}/image", "\"docker.io/other/llama4:0.1.0\"" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-redis", $"{Template}/securityContext/runAsNonRoot", "false" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-engine", $"{Template}/securityContext/seccompProfile", Removed },
        { nameof(PodChecks.Rights), "Job", "llama4-fetch", $"{Container}/securityContext/readOnlyRootFilesystem", "false" },
        { nameof(PodChecks.Rights), "Deployment", "llama4-gateway", $"{Container}/securityContext/capabilities/drop/0", "\"NET_RAW\"" },
        { nameof(PodChecks.Rights), "Deployment", "llama4-gateway", $"{Container}/securityContext/allowPrivilegeEscalation", Removed },
        { nameof(PodChecks.Rights), "Deployment", "llama4-gateway", $"{Template}/hostNetwork", "true" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-engine", $"{Container}/securityContext/runAsUser", "0" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-engine", $"{Container}/securityContext/runAsGroup", "0" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-redis", $"{Container}/securityContext/runAsNonRoot", "false" },
        { nameof(PodChecks.Rights), "Deployment", "llama4-gateway", $"{Container}/securityContext/seccompProfile", """{"type":"Unconfined"}""" },
        { nameof(PodChecks.Rights), "Deployment", "llama4-gateway", $"{Template}/securityContext/runAsGroup", "0" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-engine", $"{Container}/ports/2/hostPort", "9091" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-engine", $"{Template}/securityContext/seLinuxOptions", """{"type":"spc_t"}""" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-engine", $"{Template}/securityContext/appArmorProfile", """{"type":"Unconfined"}""" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-redis", $"{Template}/securityContext/sysctls", """[{"name":"kernel.msgmax","value":"1"}]""" },
        { nameof(PodChecks.Rights), "StatefulSet", "llama4-redis", $"{Template}/shareProcessNamespace", "true" },
        { nameof(PodChecks.Tokens), "ServiceAccount", "llama4", "automountServiceAccountToken", Removed },
        { nameof(PodChecks.Tokens), "StatefulSet", "llama4-engine", $"{Template}/automountServiceAccountToken", "true" },
        { nameof(PodChecks.Tokens), "StatefulSet", "llama4-engine", $"{Template}/serviceAccountName", Removed },
        { nameof(PodChecks.Volumes), "StatefulSet", "llama4-engine", $"{Container}/volumeMounts/1/readOnly", Removed },
        { nameof(PodChecks.Volumes), "StatefulSet", "llama4-redis", $"{Template}/securityContext/fsGroup", Removed },
        { nameof(PodChecks.Volumes), "Deployment", "llama4-gateway", $"{Template}/securityContext/fsGroup", "10002" },
        { nameof(PodChecks.Volumes), "StatefulSet", "llama4-engine", $"{Container}/volumeMounts/0/name", "\"temp\"" },
        { nameof(PodChecks.Volumes), "Deployment", "llama4-gateway", $"{Template}/volumes/1/secret/secretName", "\"keys\"" },
        { nameof(PodChecks.Volumes), "Deployment", "llama4-gateway", $"{Template}/volumes/0/emptyDir", "{}" },
        { nameof(PodChecks.Volumes), "PersistentVolumeClaim", "llama4-models", "spec/accessModes", "[\"ReadWriteOnce\"]" },
        { nameof(PodChecks.Volumes), "Job", "llama4-fetch", $"{Template}/volumes/1/configMap/name", "\"fetch\"" },
        { nameof(PodChecks.Volumes), "StatefulSet", "llama4-engine", $"{Template}/volumes/0/emptyDir", Removed },
        { nameof(PodChecks.Volumes), "StatefulSet", "llama4-engine", $"{Template}/volumes/1/persistentVolumeClaim", Removed },
        { nameof(PodChecks.Volumes), "StatefulSet", "llama4-engine", $"{Container}/volumeMounts/0/mountPath", "\"/data\"" },
        { nameof(SecretChecks.Secrets), "StatefulSet", "llama4-engine", $"{Container}/env/[REDIS_PASSWORD]/valueFrom/secretKeyRef/key", "\"password\"" },
        { nameof(SecretChecks.Secrets), "StatefulSet", "llama4-engine", $"{Container}/env/[LLAMA4_ADMIN_KEY]/valueFrom/secretKeyRef/key", "\"redis-password\"" },
        { nameof(SecretChecks.Secrets), "StatefulSet", "llama4-redis", $"{Container}/env/0/valueFrom/secretKeyRef/key", "\"admin-key\"" },
        { nameof(SecretChecks.Secrets), "StatefulSet", "llama4-redis", $"{Container}/env/0/valueFrom/secretKeyRef/name", "\"secrets\"" },
        { nameof(SecretChecks.Secrets), "StatefulSet", "llama4-redis", $"{Container}/env/0/valueFrom/secretKeyRef/optional", "true" },
        { nameof(SecretChecks.Secrets), "Job", "llama4-fetch", $"{Container}/env/[TOKEN]/valueFrom/secretKeyRef/optional", Removed },
        { nameof(SecretChecks.Secrets), "Deployment", "llama4-gateway", $"{Container}/envFrom", """[{"secretRef":{"name":"llama4-secrets"}}]""" },
        { nameof(SecretChecks.Secrets), "Deployment", "llama4-gateway", $"{Template}/volumes/[keys]/secret/items/0/path", "\"keys.json\"" },
        { nameof(SecretChecks.Secrets), "Deployment", "llama4-gateway", $"{Template}/volumes/[keys]/secret/items/0/key", "\"keys\"" },
        { nameof(SecretChecks.Secrets), "Deployment", "llama4-gateway", $"{Template}/volumes/[keys]/secret/items", Removed },
        { nameof(SecretChecks.Secrets), "Deployment", "llama4-gateway", $"{Template}/volumes/[keys]/secret/optional", "true" },
        { nameof(SecretChecks.Secrets), "Deployment", "llama4-gateway", $"{Template}/volumes/[keys]/secret/defaultMode", "511" },
        { nameof(SecretChecks.Secrets), "StatefulSet", "llama4-engine", $"{Template}/volumes/[cluster-tls]/secret/optional", "true" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", $"{Container}/env/1/value", "\"/models/other\"" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", $"{Container}/env/[SOURCE]/name", "\"FROM\"" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", $"{Container}/command/1", "\"/script/fetch.sh\"" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", $"{Container}/volumeMounts/0/readOnly", "true" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", "spec/backoffLimit", "0" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", "spec/activeDeadlineSeconds", "600" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", "spec/ttlSecondsAfterFinished", "0" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", "spec/suspend", "true" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", "spec/parallelism", "4" },
        { nameof(FetchChecks.Fetch), "Job", "llama4-fetch", $"{Template}/restartPolicy", "\"Always\"" },
        { nameof(FetchChecks.Fetch), "PersistentVolumeClaim", "llama4-models", "spec/accessModes", "[\"ReadOnlyMany\"]" },
        { nameof(FetchChecks.Fetch), "PersistentVolumeClaim", "llama4-models", "spec/resources/requests/storage", "\"100Gi\"" },
        { nameof(PodChecks.Store), "ConfigMap", "llama4-redis", "data/redis.conf", "\"port 6379\\ndir /data\\nmaxmemory-policy noeviction\"" },
        { nameof(PodChecks.Store), "StatefulSet", "llama4-redis", $"{Container}/volumeMounts/0/mountPath", "\"/var/data\"" },
        { nameof(PodChecks.Store), "StatefulSet", "llama4-redis", $"{Container}/command", "[\"redis-server\",\"/conf/redis.conf\"]" },
        { nameof(PodChecks.Store), "StatefulSet", "llama4-redis", $"{Container}/env/0/name", "\"PASSWORD\"" },
        { nameof(PodChecks.Store), "StatefulSet", "llama4-redis", "spec/replicas", "2" },
        { nameof(PodChecks.Store), "ConfigMap", "llama4-redis", "data/redis.conf", "\"bind 127.0.0.1\\nport 6379\\ndir /data\\nappendonly yes\\nappendfsync everysec\\nmaxmemory-policy noeviction\"" },
        { nameof(PodChecks.Store), "ConfigMap", "llama4-redis", "data/redis.conf", "\"bind * -::*\\nport 6379\\ndir /data\\nappendonly yes\\nappendfsync everysec\\nmaxmemory-policy noeviction\\nappendonly no\"" },
        { nameof(PodChecks.Store), "ConfigMap", "llama4-redis", "data/redis.conf", "\"bind * -::*\\nport 6379\\ndir /data\\nappendonly yes\\nappendfsync no\\nmaxmemory-policy noeviction\"" },
        { nameof(PodChecks.Store), "StatefulSet", "llama4-redis", "spec/persistentVolumeClaimRetentionPolicy", """{"whenDeleted":"Delete"}""" },
        { nameof(PodChecks.Store), "StatefulSet", "llama4-redis", $"{Container}/command/0", "\"redis-server\"" },
        { nameof(PodChecks.Store), "StatefulSet", "llama4-redis", $"{Container}/volumeMounts/1/mountPath", "\"/etc/redis\"" },
        { nameof(PodChecks.Doors), "Deployment", "llama4-gateway", $"{Container}/args/13", "\"--keys\"" },
        { nameof(PodChecks.Doors), "StatefulSet", "llama4-engine", $"{Container}/env/9/valueFrom", Removed },
        { nameof(PodChecks.Doors), "StatefulSet", "llama4-engine", $"{Container}/env/9", """{"name":"LLAMA4_ADMIN_KEY","value":"0123456789abcdef"}""" },
        { nameof(PodChecks.Doors), "Deployment", "llama4-gateway", $"{Container}/env/[LLAMA4_CLUSTER]/value", "\"redis://:hunter2@llama4-redis:6379\"" },
        { nameof(PodChecks.Doors), "Deployment", "llama4-gateway", $"{Container}/env/[LLAMA4_CLUSTER]/value", "\"redis://llama4-redis:6379\"" },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "default-deny", "spec/podSelector", "{\"matchLabels\":{\"app.kubernetes.io/name\":\"llama4\"}}" },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/ingress/0/from", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/egress/1", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/ingress/1/ports/0/port", "30001" },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "redis", "spec/ingress/0/from", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "gateway", "spec/ingress/0/ports", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "names", "spec/egress/0/ports/0", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "names", "spec/egress/0/to/1", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "names", "spec/egress/0/to/1/ipBlock/cidr", "\"169.254.0.0/16\"" },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "otlp", "spec/egress/0/ports/0/port", "4318" },
        { nameof(NetworkChecks.Policies), "StatefulSet", "llama4-engine", $"{Container}/env/[OTEL_EXPORTER_OTLP_ENDPOINT]/name", "\"OTEL_EXPORTER_OTLP_ENDPONT\"" },
        { nameof(NetworkChecks.Policies), "StatefulSet", "llama4-engine", $"{Container}/env/[OTEL_EXPORTER_OTLP_ENDPOINT]/value", "\"http://otel-collector.monitoring:4318\"" },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "metrics", "spec/ingress/0/from/0/podSelector", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "fetch", "spec/egress/0/to/0/ipBlock/except/3", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/ingress/0/ports", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/ingress/0/ports/0/endPort", "65535" },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/ingress/1/from/0/podSelector/matchLabels/app.kubernetes.io~1component", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/egress/0/to/0/podSelector/matchExpressions", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "hosts", "spec/egress/1/ports", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "gateway", "spec/egress/0/ports", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "gateway", "spec/egress/1/to/0/podSelector/matchLabels", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "gateway", "spec/ingress/0/ports/0/endPort", "9091" },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "redis", "spec/podSelector/matchLabels/app.kubernetes.io~1component", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "redis", "spec/ingress/0/from/0/podSelector/matchExpressions", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "default-deny", "spec/policyTypes/0", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "names", "spec/egress/0/to/0/podSelector", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "names", "spec/egress/0/to/0/namespaceSelector/matchLabels", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "metrics", "spec/ingress/0/from/0/namespaceSelector/matchLabels", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "otlp", "spec/egress/0/to/0/namespaceSelector/matchLabels", Removed },
        { nameof(NetworkChecks.Policies), "NetworkPolicy", "fetch", "spec/egress/0/to/0/ipBlock/except/1", Removed },
        { nameof(DisruptionChecks.Budgets), "PodDisruptionBudget", "llama4-hosts", "spec/maxUnavailable", "0" },
        { nameof(DisruptionChecks.Budgets), "PodDisruptionBudget", "llama4-hosts", "spec/maxUnavailable", "2" },
        { nameof(DisruptionChecks.Budgets), "PodDisruptionBudget", "llama4-hosts", "spec/maxUnavailable", "\"50%\"" },
        { nameof(DisruptionChecks.Budgets), "PodDisruptionBudget", "llama4-gateway", "spec/selector/matchLabels/app.kubernetes.io~1component", "\"engine\"" },
        { nameof(DisruptionChecks.Budgets), "Deployment", "llama4-gateway", "spec/replicas", "1" },
        { nameof(DisruptionChecks.Budgets), "PodDisruptionBudget", "llama4-hosts", "spec/unhealthyPodEvictionPolicy", "\"AlwaysAllow\"" },
        { nameof(DisruptionChecks.Spread), "StatefulSet", "llama4-experts", $"{Template}/topologySpreadConstraints/0/minDomains", "2" },
        { nameof(DisruptionChecks.Spread), "StatefulSet", "llama4-experts", $"{Template}/topologySpreadConstraints/0/whenUnsatisfiable", "\"ScheduleAnyway\"" },
        { nameof(DisruptionChecks.Spread), "StatefulSet", "llama4-experts", $"{Container}/env/5/valueFrom", "{\"fieldRef\":{\"fieldPath\":\"metadata.namespace\"}}" },
        { nameof(DisruptionChecks.Spread), "StatefulSet", "llama4-engine", $"{Template}/affinity", Removed },
        { nameof(DisruptionChecks.Spread), "Deployment", "llama4-gateway", $"{Template}/topologySpreadConstraints", Removed },
        { nameof(DisruptionChecks.Spread), "Deployment", "llama4-gateway", $"{Template}/topologySpreadConstraints/0/topologyKey", "\"topology.kubernetes.io/zone\"" },
        { nameof(DisruptionChecks.Spread), "StatefulSet", "llama4-engine", $"{Template}/nodeName", "\"node-0\"" },
        { nameof(DisruptionChecks.Rollout), "StatefulSet", "llama4-engine", "spec/updateStrategy", "{\"type\":\"OnDelete\"}" },
        { nameof(DisruptionChecks.Rollout), "StatefulSet", "llama4-engine", "spec/podManagementPolicy", Removed },
        { nameof(DisruptionChecks.Rollout), "Deployment", "llama4-gateway", "spec/strategy", Removed },
        { nameof(DisruptionChecks.Rollout), "StatefulSet", "llama4-experts", "spec/updateStrategy", """{"rollingUpdate":{"partition":5}}""" },
        { nameof(DisruptionChecks.Rollout), "Deployment", "llama4-gateway", "spec/strategy/type", "\"Recreate\"" },
        { nameof(DisruptionChecks.Rollout), "Deployment", "llama4-gateway", "spec/strategy/rollingUpdate/maxSurge", "0" },
        { nameof(DisruptionChecks.Rollout), "Deployment", "llama4-gateway", "spec/paused", "true" },
        { nameof(ResourceChecks.Memory), "StatefulSet", "llama4-engine", $"{Container}/resources/limits/memory", "\"74Gi\"" },
        { nameof(ResourceChecks.Memory), "StatefulSet", "llama4-engine", $"{Container}/resources/requests/cpu", Removed },
        { nameof(ResourceChecks.Memory), "StatefulSet", "llama4-engine", $"{Container}/resources/requests/nvidia.com~1gpu", "\"2\"" },
        { nameof(ResourceChecks.Memory), "StatefulSet", "llama4-engine", $"{Template}/tolerations", Removed },
        { nameof(ResourceChecks.Memory), "StatefulSet", "llama4-engine", $"{Container}/resources/limits/cpu", "\"2\"" },
        { nameof(ResourceChecks.Memory), "StatefulSet", "llama4-engine", $"{Template}/tolerations/0/effect", "\"NoExecute\"" },
        { nameof(ResourceChecks.Memory), "Deployment", "llama4-gateway", $"{Container}/resources/limits/memory", "\"1Gi\"" },
        { nameof(ResourceChecks.Memory), "StatefulSet", "llama4-engine", $"{Container}/resources/requests/memory", "\"1Gi\"" },
        { nameof(ResourceChecks.Devices), "StatefulSet", "llama4-engine", $"{Container}/resources/limits/nvidia.com~1gpu", Removed },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/scaleTargetRef/name", "\"llama4-expert\"" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/minReplicas", "1" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/minReplicas", "3" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/maxReplicas", "5" },
        { nameof(AutoscaleChecks.Autoscalers), "StatefulSet", "llama4-experts", "spec/replicas", "5" },
        { nameof(AutoscaleChecks.Autoscalers), "StatefulSet", "llama4-engine", "spec/replicas", Removed },
        { nameof(AutoscaleChecks.Autoscalers), "Deployment", "llama4-gateway", "spec/replicas", "2" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/metrics/1/external/metric/name", "\"llama4_kv_usage\"" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/behavior/scaleDown/policies/0/periodSeconds", "60" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-gateway", "spec/metrics/0/pods/target/averageValue", "\"400\"" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/metrics/0", Removed },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/metrics/1/external/target/value", "\"850\"" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/metrics/0/external/target/type", "\"AverageValue\"" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/behavior/scaleUp", Removed },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/behavior/scaleUp/policies/0/value", "10" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/behavior/scaleDown/selectPolicy", "\"Disabled\"" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-hosts", "spec/behavior/scaleDown/stabilizationWindowSeconds", "0" },
        { nameof(AutoscaleChecks.Autoscalers), "HorizontalPodAutoscaler", "llama4-gateway", "spec/metrics/0/pods/target/type", "\"Utilization\"" },
        { nameof(CertificateChecks.Certificates), "Certificate", "llama4-cluster", "spec/secretName", "\"llama4-cluster-ca\"" },
        { nameof(CertificateChecks.Certificates), "Certificate", "llama4-cluster", "spec/usages/2", Removed },
        { nameof(CertificateChecks.Certificates), "Certificate", "llama4-cluster", "spec/issuerRef/name", "\"llama4-self\"" },
        { nameof(CertificateChecks.Certificates), "Certificate", "llama4-cluster-ca", "spec/isCA", "false" },
        { nameof(CertificateChecks.Certificates), "StatefulSet", "llama4-engine", $"{Template}/volumes/[cluster-tls]/secret/secretName", "\"llama4-secrets\"" },
        { nameof(CertificateChecks.Certificates), "Certificate", "llama4-cluster", "spec/duration", "\"1h\"" },
        { nameof(CertificateChecks.Certificates), "Certificate", "llama4-cluster", "spec/renewBefore", "\"9000h\"" },
        { nameof(CertificateChecks.Certificates), "Certificate", "llama4-cluster", "spec/issuerRef/kind", "\"ClusterIssuer\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "metadata/annotations/nginx.ingress.kubernetes.io~1proxy-buffering", Removed },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "metadata/annotations/nginx.ingress.kubernetes.io~1proxy-read-timeout", "\"60\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "metadata/annotations/nginx.ingress.kubernetes.io~1proxy-body-size", "\"8m\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/rules/0/http/paths/0/path", "\"/\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/rules/0/http/paths/0/backend/service/name", "\"llama4-redis\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/tls", Removed },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/rules/0/http/paths/0/pathType", "\"Exact\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/rules/0/http/paths/1", Removed },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/rules/0/host", "\"other.example\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/defaultBackend", """{"service":{"name":"llama4","port":{"name":"http"}}}""" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/ingressClassName", "\"traefik\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "spec/tls/0/secretName", "\"llama4-secrets\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "metadata/annotations/nginx.ingress.kubernetes.io~1rewrite-target", "\"/\"" },
        { nameof(IngressChecks.Ingresses), "Ingress", "llama4", "metadata/annotations/nginx.ingress.kubernetes.io~1backend-protocol", "\"HTTPS\"" },
    };

    [Theory, MemberData(nameof(Mutations))]
    public void BrokenPromise_IsSeen(string check, string kind, string name, string path, string value)
    {
        using var everything = OfOtherComponents(name, path) ? K8sFolder.WithEverything() : null;
        var whole = everything is null ? K8sFolder.Manifests("scout-8xgpu") : new Manifests(Kustomization.Build(everything["overlays/everything"]));
        var broken = whole.With(document => Set(document, path, value), kind, name);

        ManifestTests.Checks[check](whole).ShouldBeEmpty();
        ManifestTests.Checks[check](broken).ShouldNotBeEmpty();
    }

    [Fact]
    public void EveryCheck_HasAMutation() => Mutations.Select(row => row.Data.Item1).Distinct().Order().ShouldBe(ManifestTests.Checks.Keys.Order());

    /// <summary>The strict reader refuses what Kubernetes does not know.</summary>
    [Theory]
    [InlineData("Deployment", "llama4-gateway", $"{Container}/livenesProbe", "{}")]
    [InlineData("Deployment", "llama4-gateway", "spec/replicas", "\"two\"")]
    [InlineData("NetworkPolicy", "hosts", "spec/ingress/0/form", "[]")]
    [InlineData("HorizontalPodAutoscaler", "llama4-hosts", "spec/maxReplica", "3")]
    public void WrongField_IsRefused(string kind, string name, string path, string value)
    {
        var whole = K8sFolder.Manifests("scout-8xgpu");

        Should.Throw<Exception>(() => whole.With(document => Set(document, path, value), kind, name));
    }

    /// <summary>What scout-8xgpu does not take.</summary>
    private static bool OfOtherComponents(string name, string path) => name is "otlp" or "llama4-cluster" or "llama4-cluster-ca" || path.Contains("OTEL_", StringComparison.Ordinal) || path.Contains("cluster-tls", StringComparison.Ordinal);

    private static void Set(JsonObject document, string path, string value)
    {
        string[] parts = [.. path.Split('/').Select(part => part.Replace("~1", "/"))];
        JsonNode at = document;
        foreach (var part in parts[..^1])
        {
            at = (at is JsonArray list ? Item(list, part) : at[part]) ?? throw new InvalidDataException($"there is no {path}");
        }

        if (value == Removed)
        {
            _ = at is JsonArray list ? Out(list, int.Parse(parts[^1])) : at.AsObject().Remove(parts[^1]) ? true : throw new InvalidDataException($"there is no {path}");
        }
        else if (at is JsonArray list)
        {
            list[int.Parse(parts[^1])] = JsonNode.Parse(value);
        }
        else
        {
            at[parts[^1]] = JsonNode.Parse(value);
        }
    }

    private static JsonNode? Item(JsonArray list, string part) => part is ['[', .. var name, ']'] ? list.First(item => (string?)item!["name"] == name) : list[int.Parse(part)];

    private static bool Out(JsonArray list, int index)
    {
        list.RemoveAt(index);
        return true;
    }
}
