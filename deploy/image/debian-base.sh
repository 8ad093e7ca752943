#!/usr/bin/env bash
# A base image of a few Debian packages, without any registry: what a self-contained .NET program needs and nothing more (no shell).
#   deploy/image/debian-base.sh OUT
# writes an OCI layout to the folder OUT, with the packages' names and versions in OUT/packages, and prints the manifest's digest.
# The same versions of the packages give the same digest. Needs apt, dpkg, tar and gzip; not root.
set -euo pipefail
export LC_ALL=C
umask 022

# libc and its dynamic loader; libstdc++ and libgcc_s for the runtime; OpenSSL for TLS; who is trusted.
PACKAGES=(libc6 libgcc-s1 libstdc++6 ca-certificates)
SSL=(libssl3t64 libssl3) # the name of Debian 13, of Debian 12
USER_ID=10001
EPOCH=${SOURCE_DATE_EPOCH:-0}

out=${1:?usage: debian-base.sh OUT}
mkdir -p "$out/blobs/sha256"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sealed FILE: moves it among the blobs and prints "DIGEST SIZE".
sealed() {
  local digest size
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  size=$(stat -c %s "$1")
  mv "$1" "$out/blobs/sha256/$digest"
  echo "$digest $size"
}

# available PACKAGE...: the first of them that apt can install.
available() {
  local package
  for package in "$@"; do
    apt-cache show --no-all-versions "$package" >"$work/shown" 2>/dev/null && { echo "$package"; return; }
  done
  echo "debian-base.sh: apt knows none of: $* (apt-get update?)" >&2
  return 1
}

ssl=$(available "${SSL[@]}")
(cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "${PACKAGES[@]}" "$ssl" >&2)

root=$work/root
mkdir -p "$root"/{etc/ssl/certs,tmp,app,models,home,proc,sys,dev,run,var} "$root"/usr/{bin,lib,lib64,sbin}
for name in bin lib lib64 sbin; do ln -s "usr/$name" "$root/$name"; done # as Debian has it: packages may ship either path
for package in "$work"/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --no-same-owner --keep-directory-symlink
  dpkg-deb -f "$package" Package Version | paste -sd' ' | sed 's/Package: //; s/ Version: / /'
done | sort >"$out/packages"

# What maintainer scripts would have done, and what nobody reads in a container.
find "$root/usr/share/ca-certificates" -name '*.crt' | sort | xargs cat >"$root/etc/ssl/certs/ca-certificates.crt"
find "$root/usr/share/doc" -type f ! -name copyright -delete
rm -rf "$root"/usr/{bin,sbin,games}/* "$root"/usr/share/{man,locale,lintian,bug,gdb,gcc} "$root"/usr/lib/*/gconv "$root"/usr/lib/*/audit "$root"/usr/lib/locale
mkdir -p "$root/usr/lib/ssl" # where OpenSSL looks
ln -sfn /etc/ssl/certs "$root/usr/lib/ssl/certs"
ln -sfn /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
printf 'root:x:0:0:root:/root:/usr/sbin/nologin\nllama4:x:%d:%d:llama4:/tmp:/usr/sbin/nologin\n' $USER_ID $USER_ID >"$root/etc/passwd"
printf 'root:x:0:\nllama4:x:%d:\n' $USER_ID >"$root/etc/group"
. /etc/os-release
printf 'ID=debian\nVERSION_ID="%s"\nPRETTY_NAME="A few packages of %s"\n' "${VERSION_ID:-}" "$PRETTY_NAME" >"$root/etc/os-release"
chmod 1777 "$root/tmp"

tar -C "$root" --sort=name --mtime="@$EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -cf "$work/layer" .
diff=$(sha256sum "$work/layer" | cut -d' ' -f1)
gzip -n -9 "$work/layer"
read -r layer layer_size < <(sealed "$work/layer.gz")

created=$(date -u -d "@$EPOCH" +%Y-%m-%dT%H:%M:%SZ)
printf '{"architecture":"%s","os":"linux","created":"%s","config":{"Env":["PATH=/usr/bin:/bin"],"WorkingDir":"/"},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"%s","created_by":"deploy/image/debian-base.sh"}]}' \
  "$(dpkg --print-architecture)" "$created" "$diff" "$created" >"$work/config"
read -r config config_size < <(sealed "$work/config")

printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:%s","size":%d}]}' \
  "$config" "$config_size" "$layer" "$layer_size" >"$work/manifest"
read -r manifest manifest_size < <(sealed "$work/manifest")
printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d}]}' "$manifest" "$manifest_size" >"$out/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' >"$out/oci-layout"
echo "sha256:$manifest"
