#!/bin/bash
# Four processes against one, on this machine: one host of attention, engine, vocabulary and gateway, three of experts, and `llama4 bench spread` beside them.
#   loadtests/spread.sh MODEL [THREADS of a host [THREADS of the one process [ROUNDS]]]
# Needs redis-server, curl, and a build: dotnet build -c Release src/Llama4.Server
set -eu
model=$1 threads=${2:-1} one=${3:-2} rounds=${4:-4}
llama4=${LLAMA4:-$(dirname "$0")/../src/Llama4.Server/bin/Release/net10.0/llama4}
folder=$(mktemp -d) port=$((20000 + RANDOM % 10000)) pids=()
end() { kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"; }
trap end EXIT
redis-server --port "$port" --save "" --dir "$folder" >/dev/null & pids+=($!)
for roles in attention,engine,vocabulary,gateway experts experts experts; do
  gateway=""
  [[ $roles == *gateway* ]] && gateway="--port 0"
  "$llama4" serve --cluster "redis://127.0.0.1:$port" --roles "$roles" --model "$model" --threads "$threads" --kv-memory 512MiB --standby 0 \
    --name "host${#pids[@]}" $gateway >"$folder/${#pids[@]}" 2>&1 & pids+=($!)
done
for ((second = 0; second < 300; second++)); do
  sleep 1
  url=$(grep -o 'http://127.0.0.1:[0-9]*' "$folder/1" | head -1 || true)
  [[ -n $url ]] && curl -sf "$url/health/ready" >/dev/null && break
done
[[ $second -lt 300 ]] || { echo "no host was ready within 300 s:"; tail -n 5 "$folder"/[1-4]; exit 1; } >&2
sleep 15 # the others join the plan
echo "four hosts of $threads threads each, one process of $one, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
"$llama4" bench spread --cluster "redis://127.0.0.1:$port" --model "$model" --threads "$one" --kv-memory 512MiB --prompt 512 --generate 48 \
  --concurrency 1,16 --rounds "$rounds"
echo "load at the end $(cut -d' ' -f1 /proc/loadavg)"
