#!/bin/sh
# Puts a checkpoint into TARGET, whole or not at all: SOURCE is an address that its files stand under, or a folder.
# TOKEN, where there is one, goes along as a bearer token. What a broken start has loaded is gone on with.
set -eu
: "${SOURCE:?an address or a folder}" "${TARGET:?a folder that is made}"
if [ -d "$TARGET" ]; then
  echo "$TARGET is there"
  exit 0
fi
part="$TARGET.part"
mkdir -p "$part"

# The token is a secret: it comes by a file, not on a command line. The line end of a file that it was made of is not part of it.
token=$(printf %s "${TOKEN:-}" | tr -d '\r\n')
headers=$(mktemp)
errors=$(mktemp)
trap 'rm -f "$headers" "$errors"' EXIT
[ -z "$token" ] || printf 'Authorization: Bearer %s\n' "$token" >"$headers"

# get FILE: loads what is missing of it. 1 where there is no such file; what else goes wrong ends the script, and the Job tries again.
get() {
  [ ! -e "$part/$1" ] || return 0
  status=0
  code=$(curl --fail --silent --show-error --location --retry 10 --retry-connrefused --connect-timeout 30 --speed-limit 1024 --speed-time 60 \
    --header "@$headers" --continue-at - --output "$part/$1.loading" --write-out '%{http_code}' "$SOURCE/$1" 2>"$errors") || status=$?
  case $status:$code in
    0:*)
      mv "$part/$1.loading" "$part/$1"
      echo "$1"
      return 0
      ;;
    22:404)
      rm -f "$part/$1.loading"
      return 1
      ;;
    22:416 | 33:*) rm -f "$part/$1.loading" ;; # it cannot be gone on with
  esac
  echo "$SOURCE/$1: $(cat "$errors")" >&2
  exit 1
}

need() {
  get "$1" || { echo "$SOURCE/$1: there is none" >&2; exit 1; }
}

case $SOURCE in
  http://* | https://*)
    need config.json
    get tokenizer.json || need tokenizer.model
    for file in tokenizer_config.json special_tokens_map.json generation_config.json chat_template.json chat_template.jinja preprocessor_config.json; do
      get "$file" || true # not every checkpoint has these
    done
    shards=model.safetensors
    if get model.safetensors.index.json; then
      shards=$(grep -o '"[^"/]*\.safetensors"' "$part/model.safetensors.index.json" | tr -d '"' | sort -u)
      [ -n "$shards" ] || { echo "model.safetensors.index.json names no file" >&2; exit 1; }
    fi
    for file in $shards; do need "$file"; done
    ;;
  *)
    [ -e "$SOURCE/config.json" ] || { echo "$SOURCE: expected a folder with config.json, found none" >&2; exit 1; }
    cp -RL "$SOURCE/." "$part/"
    ;;
esac
mv "$part" "$TARGET"
echo "$TARGET is whole"
