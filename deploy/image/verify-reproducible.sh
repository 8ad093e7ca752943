#!/usr/bin/env bash
# Builds the image of the last commit twice, each time from a clean copy in one folder, and compares the archives to the byte.
#   deploy/image/verify-reproducible.sh [MSBUILD-OPTION...]
# Takes some minutes; build-offline.sh says what it needs, beside git.
set -euo pipefail
checkout=$(git -C "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git -C "$checkout" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

for build in one two; do
  rm -rf "$work/copy"
  mkdir "$work/copy"
  git -C "$checkout" archive HEAD | tar -x -C "$work/copy"
  "$work/copy/deploy/image/build-offline.sh" "$work/$build.tar" -p:ContinuousIntegrationBuild=true "$@"
done
cmp "$work/one.tar" "$work/two.tar" && echo 'the same to the byte'
