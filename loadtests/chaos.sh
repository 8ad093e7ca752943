#!/usr/bin/env bash
# A cluster of three hosts behind a gateway, on this machine and loaded, while a host is frozen for two seconds and another is killed and
# replaced: the longest gap of each stream, fault by fault. Needs redis-server.
# loadtests/chaos.sh [DIR] [SECONDS] [RATE]; DIR (default: artifacts/chaos) gets result.json, requests.jsonl, report.html and the processes' logs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${1:-artifacts/chaos} seconds=${2:-90} rate=${3:-3}
command -v redis-server >/dev/null || { echo "redis-server is not installed" >&2; exit 2; }

export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1
dotnet build -c Release "$here/src/Llama4.Server" -v q -m:1 >&2
dotnet build -c Release "$here/loadtests/Llama4.LoadTest" -v q -m:1 >&2

free_port() { while :; do local port=$(( 20000 + RANDOM % 12000 )); (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }; done; }
store=$(free_port) port=$(free_port)
llama4=$here/src/Llama4.Server/bin/Release/net10.0/llama4
serve="$llama4 serve --cluster redis://127.0.0.1:$store --threads 1 --memory 1GiB --kv-memory 64MiB"
host="$serve --roles engine,attention,experts,vocabulary" # all but gateway

# The hosts are PID3 to PID5; PID2, the gateway, holds the streams.
"$here/loadtests/Llama4.LoadTest/bin/Release/net10.0/Llama4.LoadTest" chaos "$here/loadtests/scenarios/chat.yaml" \
  --url "http://127.0.0.1:$port" --ready "http://127.0.0.1:$port/health/ready" --seconds "$seconds" --rate "$rate" --out "$out" \
  --start "redis-server --port $store --save '' --appendonly no" \
  --start "$serve --roles gateway --port $port" \
  --start "$host --name one" --start "$host --name two" --start "$host --name three" \
  --do "at $(( seconds / 4 ))s: kill -STOP \$PID4; sleep 2; kill -CONT \$PID4" \
  --do "at $(( seconds / 2 ))s: kill -KILL \$PID5" \
  --do "at $(( seconds * 3 / 4 ))s: $host --name four >\"$out/four.log\" 2>&1 & echo \$! >\"$out/four.pid\"" && status=0 || status=$?

[[ -s $out/four.pid ]] && kill -TERM "$(cat "$out/four.pid")" 2>/dev/null || true
exit "$status"
