#!/usr/bin/env bash
# Builds the image where no public registry can be reached: the same "dotnet publish -t:PublishContainer", on a base of Debian's packages.
#   deploy/image/build-offline.sh ARCHIVE [MSBUILD-OPTION...]
# writes an OCI archive that "podman load -i" and "docker load -i" take, and prints its digest and sizes in bytes: of the layers as they travel, and as they
# lie on disk. SOURCE_DATE_EPOCH dates everything in it. Needs the .NET SDK, apt, docker-registry and curl; not root.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
mkdir -p "$(dirname "${1:?usage: build-offline.sh ARCHIVE [MSBUILD-OPTION...]}")"
archive=$(readlink -f -- "$1")
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/debian-base.sh" "$work/base" >&2
# The registry's port is a different one each time, so the base's address is no label; its digest is.
"$here/loopback-registry.sh" "$work/base" llama4-base:debian bash -c 'exec dotnet publish "$0" -t:PublishContainer -p:PublishProfile=Image -p:ContainerBaseImage="$BASE_IMAGE" "$@"' \
  "$here/../../src/Llama4.Server" -p:ContainerGenerateLabelsImageBaseName=false "-p:ContainerArchiveOutputPath=$archive" -v:q -nologo "$@" >&2
cat "$archive.digest"
