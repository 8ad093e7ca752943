#!/usr/bin/env bash
# Builds the image of the last commit twice, each time from a clean copy in a folder of its own, and compares the archives to the byte.
#   deploy/image/verify-reproducible.sh [MSBUILD-OPTION...]
# Takes some minutes; build-offline.sh says what it needs, beside git.
set -euo pipefail
checkout=$(git -C "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git -C "$checkout" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

for build in one other/folder; do
  copy="$work/$build/copy"
  mkdir -p "$copy"
  git -C "$checkout" archive HEAD | tar -x -C "$copy"
  "$copy/deploy/image/build-offline.sh" "$work/$build/llama4.tar" -p:ContinuousIntegrationBuild=true "$@"
  rm -rf "$copy"
done
cmp "$work/one/llama4.tar" "$work/other/folder/llama4.tar" && echo 'the same to the byte'
