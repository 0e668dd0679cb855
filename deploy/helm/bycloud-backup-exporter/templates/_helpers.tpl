{{/* The name of every object. */}}
{{- define "exporter.name" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "exporter.selector" -}}
app.kubernetes.io/name: {{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The labels of every object. Values may change all but those by which pods and Service are selected. */}}
{{- define "exporter.labels" -}}
{{- $selector := include "exporter.selector" . | fromYaml }}
{{- $chart := printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- $own := dict "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/managed-by" .Release.Service "helm.sh/chart" $chart }}
{{- toYaml (merge $selector (.Values.commonLabels | default dict) $own) }}
{{- end }}

{{- define "exporter.podLabels" -}}
{{- $selector := include "exporter.selector" . | fromYaml }}
{{- toYaml (merge $selector (.Values.podLabels | default dict) (include "exporter.labels" . | fromYaml)) }}
{{- end }}

{{- define "exporter.podAnnotations" -}}
{{- $own := dict }}
{{- with include "exporter.config" . }}{{ $_ := set $own "checksum/config" (sha256sum .) }}{{ end }}
{{- with include "exporter.webConfig" . }}{{ $_ := set $own "checksum/web-config" (sha256sum .) }}{{ end }}
{{- with merge $own (.Values.podAnnotations | default dict) }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* Metadata of an object in the namespace that its values name: dict root, values, suffix of the name. */}}
{{- define "exporter.metadata" -}}
name: {{ include "exporter.name" .root }}{{ .suffix }}
{{- with .values.namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- toYaml (merge (dict) (.values.labels | default dict) (include "exporter.labels" .root | fromYaml)) | nindent 2 }}
{{- end }}

{{- define "exporter.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "exporter.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "exporter.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "exporter.secret" -}}
{{- if .Values.credential.apiKey }}{{ include "exporter.name" . }}-key{{ else }}{{ .Values.credential.existingSecret }}{{ end }}
{{- end }}

{{/* The configuration file; empty if the environment is enough. The replicas share the budget of each target. */}}
{{- define "exporter.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $replicas := int .Values.replicaCount }}
{{- if gt $replicas 1 }}
{{- range $config.targets }}
{{- $_ := set . "budget_share" (divf (.budget_share | default 0.5) $replicas) }}
{{- end }}
{{- end }}
{{- with $config }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* The container's variables: those of a target without a configuration, which extraEnv may replace, and extraEnv. */}}
{{- define "exporter.environment" -}}
{{- $own := dict }}
{{- if not .Values.config.targets }}
{{- $_ := set $own "BYCLOUD_API_KEY_FILE" (printf "/run/secrets/bycloud/%s" .Values.credential.key) }}
{{- with .Values.apiUrl }}{{ $_ := set $own "BYCLOUD_API_URL" . }}{{ end }}
{{- /* The default share, divided among the replicas. */}}
{{- if gt (int .Values.replicaCount) 1 }}{{ $_ := set $own "BYCLOUD_BUDGET_SHARE" (divf 0.5 .Values.replicaCount | toString) }}{{ end }}
{{- end }}
{{- range .Values.extraEnv }}{{ $_ := unset $own .name }}{{ end }}
{{- $variables := list }}
{{- range $name, $value := $own }}{{ $variables = append $variables (dict "name" $name "value" $value) }}{{ end }}
{{- with concat $variables (.Values.extraEnv | default list) }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* The web configuration that the chart writes; empty if there is none, or an existing Secret has it. */}}
{{- define "exporter.webConfig" -}}
{{- $content := deepCopy .Values.webConfig.content }}
{{- if and .Values.webConfig.tlsSecret (not .Values.webConfig.existingSecret) }}
{{- $files := dict "cert_file" "/etc/bycloud-backup-exporter-tls/tls.crt" "key_file" "/etc/bycloud-backup-exporter-tls/tls.key" }}
{{- $_ := set $content "tls_server_config" (merge ($content.tls_server_config | default dict) $files) }}
{{- end }}
{{- with $content }}{{ toYaml . }}{{ end }}
{{- end }}

{{/* The Secret of the web configuration; empty if there is none. */}}
{{- define "exporter.webSecret" -}}
{{- if .Values.webConfig.existingSecret }}{{ .Values.webConfig.existingSecret }}
{{- else if include "exporter.webConfig" . }}{{ include "exporter.name" . }}-web{{ end }}
{{- end }}

{{- define "exporter.scheme" -}}
{{- if or .Values.webConfig.tlsSecret .Values.webConfig.content.tls_server_config }}https{{ else }}http{{ end }}
{{- end }}

{{/* The flags of the web server, which the exec probes need too. */}}
{{- define "exporter.webFlags" -}}
- --web.listen-address=:10140
{{- if include "exporter.webSecret" . }}
- --web.config.file=/etc/bycloud-backup-exporter-web/{{ .Values.webConfig.key }}
{{- end }}
{{- end }}

{{/* A probe of the kubelet: dict root, path, values. A web configuration may need TLS, a login or a certificate, which httpGet cannot have. */}}
{{- define "exporter.probe" -}}
{{- $extra := list }}
{{- range .root.Values.extraArgs }}{{ if hasPrefix "--web." . }}{{ $extra = append $extra . }}{{ end }}{{ end }}
{{- $guarded := include "exporter.webSecret" .root }}
{{- range $extra }}{{ if hasPrefix "--web.config.file" . }}{{ $guarded = . }}{{ end }}{{ end }}
{{- $probe := deepCopy .values }}
{{- if or .values.exec .values.httpGet .values.tcpSocket .values.grpc }}
{{- else if $guarded }}
{{- $command := concat (list "bycloud-backup-exporter" "healthcheck") (include "exporter.webFlags" .root | fromYamlArray) $extra }}
{{- $_ := set $probe "exec" (dict "command" $command) }}
{{- else }}
{{- $_ := set $probe "httpGet" (dict "path" .path "port" "metrics") }}
{{- end }}
{{- toYaml $probe }}
{{- end }}

{{/* The path of the metrics; empty if it is the default. */}}
{{- define "exporter.metricsPath" -}}
{{- $path := "" }}
{{- range .Values.extraArgs }}{{ if hasPrefix "--web.telemetry-path=" . }}{{ $path = trimPrefix "--web.telemetry-path=" . }}{{ end }}{{ end }}
{{- $path }}
{{- end }}

{{/* A Prometheus duration in milliseconds. */}}
{{- define "exporter.milliseconds" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 "w" 604800000 "y" 31536000000 }}
{{- $total := 0 }}
{{- range regexFindAll "[0-9]+(ms|[smhdwy])" . -1 }}
{{- $total = add $total (mul (regexFind "[0-9]+" . | int64) (index $units (regexFind "[a-z]+" .))) }}
{{- end }}
{{- $total }}
{{- end }}

{{/* Fail unless a scrape can end before the next one begins: dict name, values. */}}
{{- define "exporter.checkInterval" -}}
{{- if gt (include "exporter.milliseconds" .values.scrapeTimeout | int64) (include "exporter.milliseconds" .values.interval | int64) }}
{{- fail (printf "%s.scrapeTimeout: found %s, allowed: at most %s.interval, which is %s" .name .values.scrapeTimeout .name .values.interval) }}
{{- end }}
{{- end }}

{{/* Fail if two objects would scrape the same pods. */}}
{{- define "exporter.checkScrapes" -}}
{{- $enabled := list }}
{{- range list "serviceMonitor" "podMonitor" "scrapeConfig" }}{{ if (index $.Values .).enabled }}{{ $enabled = append $enabled . }}{{ end }}{{ end }}
{{- if gt (len $enabled) 1 }}
{{- fail (printf "%s: found all of them enabled, allowed: one, since each scrapes every target" (join ", " $enabled)) }}
{{- end }}
{{- end }}

{{/* How to connect to the exporter: dict values. */}}
{{- define "exporter.connection" -}}
{{- with .values.tlsConfig }}
tlsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.basicAuth }}
basicAuth:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The endpoints of a ServiceMonitor or PodMonitor: dict root, values. */}}
{{- define "exporter.endpoints" -}}
{{- $root := .root }}{{ $values := .values }}
{{- $common := dict "port" "metrics" "interval" $values.interval "scrapeTimeout" $values.scrapeTimeout "scheme" ($values.scheme | default (include "exporter.scheme" $root)) }}
{{- range $key := list "tlsConfig" "basicAuth" "metricRelabelings" }}
{{- with index $values $key }}{{ $_ := set $common $key . }}{{ end }}
{{- end }}
{{- if $values.honorLabels }}{{ $_ := set $common "honorLabels" true }}{{ end }}
{{- $own := deepCopy $common }}
{{- with include "exporter.metricsPath" $root }}{{ $_ := set $own "path" . }}{{ end }}
{{- with $values.relabelings }}{{ $_ := set $own "relabelings" . }}{{ end }}
{{- $endpoints := list $own }}
{{- $targets := $root.Values.config.targets | default list }}
{{- if gt (len $targets) 1 }}
{{- range $targets }}
{{- $label := dict "targetLabel" "target" "replacement" (.name | replace "$" "$$") }}
{{- $probe := dict "path" "/probe" "params" (dict "target" (list .name)) "relabelings" (prepend ($values.relabelings | default list) $label) }}
{{- $endpoints = append $endpoints (merge $probe (deepCopy $common)) }}
{{- end }}
{{- end }}
{{- toYaml $endpoints }}
{{- end }}

{{/* The keys of `prometheusRule.alerts` that change a rule: its alert, then those with the value of one of its labels: dict rule. */}}
{{- define "exporter.alertKeys" -}}
{{- $keys := list .rule.alert }}
{{- range values (.rule.labels | default dict) | sortAlpha }}{{ $keys = append $keys (printf "%s/%s" $.rule.alert .) }}{{ end }}
{{- toYaml $keys }}
{{- end }}

{{/* What the values change in a rule: dict rule, values. Of two keys, the longer one counts. */}}
{{- define "exporter.alertChanges" -}}
{{- $changes := dict }}
{{- $labels := deepCopy (.values.alertLabels | default dict) }}
{{- range include "exporter.alertKeys" . | fromYamlArray }}
{{- $own := index $.values.alerts . | default dict }}
{{- range $key, $value := omit $own "labels" }}{{ $_ := set $changes $key $value }}{{ end }}
{{- range $name, $value := $own.labels }}{{ $_ := set $labels $name $value }}{{ end }}
{{- end }}
{{- with $changes.severity }}{{ $_ := set $labels "severity" . }}{{ end }}
{{- toYaml (set $changes "labels" $labels) }}
{{- end }}

{{/* The project's rules with the values' changes. */}}
{{- define "exporter.rules" -}}
{{- $values := .Values.prometheusRule }}
{{- $alerts := list }}
{{- $known := list }}
{{- $groups := list }}
{{- range $group := (.Files.Get "files/bycloud-backups.rules.yml" | fromYaml).groups }}
{{- $rules := list }}
{{- range $rule := $group.rules }}
{{- $changes := dict }}
{{- if $rule.alert }}
{{- $alerts = append $alerts $rule.alert }}
{{- $known = concat $known (include "exporter.alertKeys" (dict "rule" $rule) | fromYamlArray) }}
{{- $changes = include "exporter.alertChanges" (dict "rule" $rule "values" $values) | fromYaml }}
{{- $_ := set $rule "labels" (mergeOverwrite ($rule.labels | default dict) $changes.labels) }}
{{- with $changes.for }}{{ $_ := set $rule "for" . }}{{ end }}
{{- with $values.runbookUrl }}{{ $_ := set $rule "annotations" (mergeOverwrite ($rule.annotations | default dict) (dict "runbook_url" (printf "%s%s" . $rule.alert))) }}{{ end }}
{{- end }}
{{- if ne false (dig "enabled" true $changes) }}{{ $rules = append $rules $rule }}{{ end }}
{{- end }}
{{- if $rules }}{{ $groups = append $groups (mergeOverwrite (deepCopy $group) (dict "rules" $rules)) }}{{ end }}
{{- end }}
{{- range $key, $_ := $values.alerts }}
{{- if not (has $key $known) }}
{{- fail (printf "prometheusRule.alerts: found %s, allowed: %s, each also with the value of a label that ships, such as ByCloudBackupInventoryEmpty/info" $key (uniq $alerts | join ", ")) }}
{{- end }}
{{- end }}
{{- with $values.additionalRules }}
{{- $groups = append $groups (dict "name" "bycloud-backups-additional" "rules" .) }}
{{- end }}
{{- toYaml (dict "groups" $groups) }}
{{- end }}
