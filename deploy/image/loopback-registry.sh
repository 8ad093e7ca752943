#!/usr/bin/env bash
# A registry on loopback that holds one image, for as long as a command runs: PublishContainer takes its base image from registries only.
#   deploy/image/loopback-registry.sh LAYOUT NAME:TAG COMMAND...
# runs the command with BASE_IMAGE=127.0.0.1:PORT/NAME:TAG in its environment, and .NET told that there is no TLS. LAYOUT is an OCI layout (debian-base.sh).
# Needs docker-registry (Debian's package of that name) and curl.
set -euo pipefail

READY_LIMIT=30 # seconds
layout=${1:?usage: loopback-registry.sh LAYOUT NAME:TAG COMMAND...} image=${2:?NAME:TAG}
shift 2
for program in docker-registry curl; do
  command -v "$program" >/dev/null || { echo "loopback-registry.sh: $program is missing: apt-get install $program" >&2; exit 3; }
done

work=$(mktemp -d)
registry=''
trap '[[ -n $registry ]] && kill "$registry" 2>/dev/null; rm -rf "$work"' EXIT

# A port that nobody listens at: docker-registry does not tell which one it took.
free_port() {
  local port
  for ((i = 0; i < 50; i++)); do
    port=$((20000 + RANDOM % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  return 1
}

port=$(free_port)
base=http://127.0.0.1:$port/v2/${image%:*}
printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%d"}\n' "$work/store" "$port" >"$work/config.yml"
docker-registry serve "$work/config.yml" >"$work/log" 2>&1 &
registry=$!
until curl -sf "http://127.0.0.1:$port/v2/" >/dev/null; do
  if (( SECONDS > READY_LIMIT )) || ! kill -0 "$registry" 2>/dev/null; then
    cat "$work/log" >&2
    exit 1
  fi
  sleep 0.1
done

manifest=$(grep -oE '"digest":"sha256:[0-9a-f]+"' "$layout/index.json" | grep -oE '[0-9a-f]{64}')
for blob in "$layout"/blobs/sha256/*; do
  digest=$(basename "$blob")
  if [[ $digest == "$manifest" ]]; then continue; fi
  location=$(curl -sSf -X POST -D - -o "$work/answer" "$base/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  [[ $location == http* ]] || location=http://127.0.0.1:$port$location
  curl -sSf -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$blob" -o "$work/answer" "$location&digest=sha256:$digest"
done
curl -sSf -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$layout/blobs/sha256/$manifest" -o "$work/answer" "$base/manifests/${image#*:}"

BASE_IMAGE=127.0.0.1:$port/$image DOTNET_CONTAINER_INSECURE_REGISTRIES=127.0.0.1:$port "$@"
