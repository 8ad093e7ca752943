#!/usr/bin/env bash
# Starts an image for the first time and asks it a question, as locked up as deploy/ runs it: not root, nothing writable but /tmp, no capabilities, no new
# privileges, no way out but one port.
#   deploy/image/first-answer.sh ARCHIVE [PODMAN-OPTION...]
# prints how long after its start the container was ready and had answered, the answer, and how it stopped. Exit code 3: this machine runs no containers, with
# the reason. Needs podman, curl, and root or a user with subordinate ids.
set -euo pipefail
archive=${1:?usage: first-answer.sh ARCHIVE [PODMAN-OPTION...]}
shift
READY_LIMIT=120 STOP_LIMIT=20 # seconds
QUESTION='{"model": "scout-nano", "temperature": 0, "messages": [{"role": "user", "content": "What is the capital of France?"}]}'

for program in podman curl; do
  command -v "$program" >/dev/null || { echo "$program is missing: apt-get install $program" >&2; exit 3; }
done

work=$(mktemp -d)
# Storage of its own: what is tried here leaves nothing behind.
podman() { command podman --root "$work/root" --runroot "$work/run" --cgroup-manager cgroupfs --events-backend file "$@"; }
finish() {
  podman rm --force --all >/dev/null 2>&1 || true
  # Layers belong to subordinate ids where this is no root, and podman leaves its folder of them mounted.
  local as=()
  (( EUID == 0 )) || as=(podman unshare)
  "${as[@]}" umount "$work/root/overlay" 2>/dev/null || true
  "${as[@]}" rm -rf "$work"
}
trap finish EXIT

image=$(podman load -q -i "$archive" 2>"$work/said" | sed 's/^Loaded image: //') || { echo "podman cannot unpack images here: $(tail -1 "$work/said")" >&2; exit 3; }
locked=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges "$@")
# Podman raises limits, which not even every root may: then with the limits as they are, by runc, which keeps them.
can_run() { podman run --rm "${locked[@]}" "$@" "$image" --help >"$work/help" 2>"$work/said"; }
if can_run; then
  how=()
elif can_run --runtime runc --ulimit "nofile=$(ulimit -Sn):$(ulimit -Hn)" --ulimit nproc=4096:4096; then
  how=(--runtime runc --ulimit "nofile=$(ulimit -Sn):$(ulimit -Hn)" --ulimit nproc=4096:4096)
else
  echo "podman cannot run containers here: $(tail -1 "$work/said")" >&2
  exit 3
fi

now() { date +%s%3N; }
started=$(now)
# It ends by itself should this script be killed.
podman run -d --name first --timeout 600 "${locked[@]}" "${how[@]}" -p 127.0.0.1::8080 "$image" >/dev/null
url=http://$(podman port first 8080)
process=$(podman inspect first --format '{{.State.Pid}}')
until curl -sf -o "$work/ready" "$url/health/ready"; do
  if (( $(now) > started + READY_LIMIT * 1000 )) || [[ ! -d /proc/$process ]]; then
    podman logs first >&2
    exit 1
  fi
  sleep 0.02
done
ready=$(now)
answer=$(curl -sSf "$url/v1/chat/completions" -H 'Content-Type: application/json' -d "$QUESTION" | grep -oE '"content":"[^"]*"')
answered=$(now)
echo "uid $(awk '/^Uid/ { print $2 }' "/proc/$process/status"), capabilities $(awk '/^CapEff/ { print $2 }' "/proc/$process/status")"
echo "ready after $((ready - started)) ms, answered after $((answered - started)) ms: $answer"
echo "asked inside whether it is ready: $(podman exec first /app/llama4 health)"
podman stop -t "$STOP_LIMIT" first >/dev/null
echo "stopped with $(podman inspect first --format '{{.State.ExitCode}}')"
[[ $answer == *Paris* ]]
