#!/usr/bin/env bash
# One hour of a mixed load on a server of its own: is its memory flat, is any request lost? Ends with 1 if not.
# loadtests/soak.sh [DIR] [HOURS] [RATE] [SERVE OPTIONS...]; DIR (default: artifacts/soak) gets result.json, requests.jsonl, report.html and server.log.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${1:-artifacts/soak} hours=${2:-1} rate=${3:-1}
shift $(( $# < 3 ? $# : 3 ))

READY_LIMIT=120 # seconds
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1
dotnet build -c Release "$here/src/Llama4.Server" -v q -m:1 >&2
dotnet build -c Release "$here/loadtests/Llama4.LoadTest" -v q -m:1 >&2
mkdir -p "$out"

"$here/src/Llama4.Server/bin/Release/net10.0/llama4" serve --port 0 "$@" >"$out/server.log" 2>&1 &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true; wait "$server" || true' EXIT

for (( i = 0; i < READY_LIMIT; i++ )); do
  grep -q 'Ready: the first token' "$out/server.log" && break
  kill -0 "$server" 2>/dev/null || { cat "$out/server.log" >&2; exit 1; }
  sleep 1
done
url=$(grep -o -m1 'https\?://127\.0\.0\.1:[0-9]*' "$out/server.log") || { echo "the server was not ready after $READY_LIMIT s; see $out/server.log" >&2; exit 1; }

status=0
"$here/loadtests/Llama4.LoadTest/bin/Release/net10.0/Llama4.LoadTest" soak "$here/loadtests/scenarios/mixed.yaml" \
  --url "$url" --hours "$hours" --rate "$rate" --pid "$server" --out "$out" || status=$?

kill -TERM "$server"
wait "$server" || { echo "the server ended with $?; see $out/server.log" >&2; status=1; }
trap - EXIT
grep -E ' (warn|fail|crit): |^error' "$out/server.log" | head -20 >&2 || true
grep -qE ' (fail|crit): |^error' "$out/server.log" && { echo "the server failed at something; see $out/server.log" >&2; status=1; }
exit "$status"
