#!/usr/bin/env bash
# Unpacks Redis and the libraries that it brings from this system's own Debian packages into a folder, from where it runs.
# Nothing outside the folder is touched.
# Usage: install-redis.sh TARGET
set -euo pipefail
target=$(realpath -m "$1")

fail() { echo "install-redis: $*" >&2; exit 1; }
for tool in apt-get apt-cache dpkg-deb; do
  command -v "$tool" >/dev/null || fail "'$tool' is missing: Redis as a local process needs Debian or Ubuntu; choose containers or external servers"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists,archives}/partial
# The host's sources and keys, but lists of our own: so that nobody has to be root, or to have updated before.
cat >"$work/apt.conf" <<C
Dir::State::lists "$work/lists"; Dir::Cache "$work"; Dir::Cache::archives "$work/archives";
APT::Sandbox::User ""; Acquire::Languages "none"; Acquire::Retries "5"; Debug::NoLocking "true";
C
export APT_CONFIG=$work/apt.conf
apt-get -qq update || fail "apt-get cannot read the lists of packages"
libraries=$(apt-cache depends redis-tools redis-server | grep -oE 'Depends: lib(jemalloc|lzf|atomic|ssl|lua|hiredis)[^ <>]*' |
  sed 's/.*: //' | sort -u)
# shellcheck disable=SC2086
(cd "$work" && apt-get -qq download redis-server redis-tools $libraries) || fail "the package redis-server cannot be fetched"

rm -rf "$target"
mkdir -p "$target"
for package in "$work"/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$target" --no-same-owner --exclude './usr/share/*' --exclude './etc/*'
done
libraries=$(find "$target" -name 'lib*.so*' -exec dirname {} \; | sort -u | paste -sd:)
LD_LIBRARY_PATH=$libraries "$target/usr/bin/redis-server" --version || fail "Redis does not run here"
echo "$libraries" >"$target/libraries"
