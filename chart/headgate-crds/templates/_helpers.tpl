{{- define "headgate-crds.labels" -}}
app.kubernetes.io/name: headgate-crds
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: headgate
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "headgate-crds.converterSelector" -}}
app.kubernetes.io/name: headgate-crds
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: converter
{{- end }}

{{- define "headgate-crds.converterMetadata" -}}
name: headgate-converter
namespace: {{ .Release.Namespace }}
labels:
  {{- include "headgate-crds.labels" . | nindent 2 }}
  app.kubernetes.io/component: converter
{{- end }}

{{- define "headgate-crds.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- /* The converter's certificates, base64 as in a Secret, by the Secret's keys: those of the cluster where it has
       them, else new ones. Made once a rendering, for the Secret and every CRD must say the same. */ -}}
{{- define "headgate-crds.certificates" -}}
{{- if not (hasKey .Values "_certificates") }}
{{- $secret := lookup "v1" "Secret" .Release.Namespace "headgate-converter-certs" }}
{{- $kept := dig "data" dict ($secret | default dict) }}
{{- if not (and (hasKey $kept "ca.crt") (hasKey $kept "tls.crt") (hasKey $kept "tls.key")) }}
{{- $service := printf "headgate-converter.%s.svc" .Release.Namespace }}
{{- $names := list $service (printf "%s.cluster.local" $service) }}
{{- $days := int .Values.converter.certificateDays }}
{{- $ca := genCAWithKey "headgate-converter-ca" $days (genPrivateKey "ecdsa") }}
{{- $leaf := genSignedCertWithKey $service nil $names $days $ca (genPrivateKey "ecdsa") }}
{{- $kept = dict "ca.crt" ($ca.Cert | b64enc) "ca.key" ($ca.Key | b64enc) "tls.crt" ($leaf.Cert | b64enc) "tls.key" ($leaf.Key | b64enc) }}
{{- end }}
{{- $_ := set .Values "_certificates" (include "headgate-crds.rotated" (dict "root" . "kept" $kept) | fromYaml) }}
{{- end }}
{{- toYaml .Values._certificates }}
{{- end }}

{{- /* What `kept` becomes by `converter.certificateStep`. Both authorities are trusted from `add` to `drop`, so that the
       pods may load the new certificate whenever they come to it. A step that was taken already changes nothing. */ -}}
{{- define "headgate-crds.rotated" -}}
{{- $data := deepCopy .kept }}
{{- $days := int .root.Values.converter.certificateDays }}
{{- $service := printf "headgate-converter.%s.svc" .root.Release.Namespace }}
{{- $step := .root.Values.converter.certificateStep }}
{{- if and (eq $step "add") (not (hasKey $data "ca-next.crt")) }}
{{- $next := genCAWithKey (printf "headgate-converter-ca-%s" (randAlphaNum 8 | lower)) $days (genPrivateKey "ecdsa") }}
{{- $_ := set $data "ca.crt" (printf "%s%s" (get $data "ca.crt" | b64dec) $next.Cert | b64enc) }}
{{- $_ := set $data "ca-next.crt" ($next.Cert | b64enc) }}
{{- $_ := set $data "ca-next.key" ($next.Key | b64enc) }}
{{- else if and (eq $step "promote") (hasKey $data "ca-next.key") }}
{{- $next := buildCustomCert (get $data "ca-next.crt") (get $data "ca-next.key") }}
{{- $names := list $service (printf "%s.cluster.local" $service) }}
{{- $leaf := genSignedCertWithKey $service nil $names $days $next (genPrivateKey "ecdsa") }}
{{- $_ := set $data "ca.key" (get $data "ca-next.key") }}
{{- $_ := set $data "tls.crt" ($leaf.Cert | b64enc) }}
{{- $_ := set $data "tls.key" ($leaf.Key | b64enc) }}
{{- $data = omit $data "ca-next.key" }}
{{- else if and (eq $step "drop") (hasKey $data "ca-next.crt") (not (hasKey $data "ca-next.key")) }}
{{- $_ := set $data "ca.crt" (get $data "ca-next.crt") }}
{{- $data = omit $data "ca-next.crt" }}
{{- end }}
{{- toYaml $data }}
{{- end }}

{{- define "headgate-crds.conversion" -}}
conversion:
  strategy: Webhook
  webhook:
    conversionReviewVersions: [v1]
    clientConfig:
      service:
        name: headgate-converter
        namespace: {{ .Release.Namespace }}
        path: /convert
        port: 443
      caBundle: {{ get (include "headgate-crds.certificates" . | fromYaml) "ca.crt" }}
{{- end }}
