#!/usr/bin/env bash
# Unpacks RabbitMQ, its Erlang and their C libraries from Debian's packages into a folder, from where they run on any
# Linux with glibc. Nothing outside the folder is touched, except that root gets patchelf installed if it is missing.
# Usage: install-rabbitmq.sh TARGET VERSION SUITE...      TARGET is where it stays; VERSION such as 4.3; the first suite that has it
# DEBIAN_MIRROR names another mirror.
set -euo pipefail
target=$(realpath -m "$1") version=$2
shift 2

fail() { echo "install-rabbitmq: $*" >&2; exit 1; }
for tool in apt-get apt-cache dpkg-deb dpkg; do
  command -v "$tool" >/dev/null || fail "'$tool' is missing: RabbitMQ as a local process needs Debian or Ubuntu; choose containers or external servers"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || fail "$keyring is missing (apt-get install debian-archive-keyring)"
architecture=$(dpkg --print-architecture)
mirror=${DEBIAN_MIRROR:-$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null |
  grep -v '^ *#' | grep -oE 'https?://[^ ]*/debian/?( |$)' | head -1 | tr -d ' ' || true)}
mirror=${mirror:-http://deb.debian.org/debian}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# apt with nothing of the host but its keyring: a private list of one suite and an empty list of what is installed.
use_suite() {
  rm -rf "$work/apt"
  mkdir -p "$work"/apt/{etc/apt.conf.d,etc/preferences.d,lists/partial,cache/archives/partial}
  : >"$work/apt/status"
  echo "deb [signed-by=$keyring] $mirror $1 main" >"$work/apt/etc/sources.list"
  cat >"$work/apt.conf" <<C
Dir::Etc "$work/apt/etc"; Dir::Etc::sourcelist "$work/apt/etc/sources.list"; Dir::Etc::sourceparts "-";
Dir::Etc::parts "$work/apt/etc/apt.conf.d"; Dir::Etc::preferencesparts "$work/apt/etc/preferences.d";
Dir::State::lists "$work/apt/lists"; Dir::State::status "$work/apt/status"; Dir::Cache "$work/apt/cache"; Dir::Log "$work";
APT::Install-Recommends "false"; APT::Sandbox::User ""; APT::Architecture "$architecture"; APT::Architectures "$architecture";
Acquire::Languages "none"; Acquire::Check-Valid-Until "false"; Acquire::Retries "5"; Debug::NoLocking "true";
C
  APT_CONFIG=$work/apt.conf apt-get -qq update
}

patchelf_from_package() {
  local suite
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  use_suite "${suite:-stable}" && (cd "$work" && APT_CONFIG=$work/apt.conf apt-get -qq download patchelf) || return 1
  dpkg-deb -x "$work"/patchelf_*.deb "$work/patchelf" && "$work/patchelf/usr/bin/patchelf" --version >/dev/null || return 1
  PATH=$work/patchelf/usr/bin:$PATH
}
if ! command -v patchelf >/dev/null; then
  { [ "$(id -u)" = 0 ] && apt-get install -y -qq --no-install-recommends patchelf >&2 && command -v patchelf >/dev/null; } ||
    patchelf_from_package || fail "patchelf is missing and could not be fetched (apt-get install patchelf)"
fi

seen=
for suite in "$@"; do
  use_suite "$suite" || { seen+=" $suite: not reachable at $mirror;"; continue; }
  candidate=$(APT_CONFIG=$work/apt.conf apt-cache policy rabbitmq-server | sed -n 's/^ *Candidate: //p')
  case $candidate in "$version".*) break ;; esac
  seen+=" $suite has ${candidate:-none};"
  candidate=
done
[ -n "${candidate:-}" ] || fail "no RabbitMQ $version:$seen"
APT_CONFIG=$work/apt.conf apt-get -qq -y -o Dpkg::Use-Pty=false --download-only install rabbitmq-server

rm -rf "$target"
mkdir -p "$target"
for package in "$work"/apt/cache/archives/*.deb; do
  case $(basename "$package") in # what the server needs; not the base system, which its scripts find on the host
    erlang-* | rabbitmq-server_* | libc6_* | libgcc-s1_* | libstdc++6_* | libsystemd0_* | libtinfo6_* | zlib1g_* | libssl3* | \
      libsctp1_* | libzstd1_* | libcap2_* | liblzma5_* | liblz4-1_* | libgcrypt20_* | libgpg-error0_* | openssl-provider*)
      dpkg-deb --fsys-tarfile "$package" |
        tar -x -C "$target" --no-same-owner --exclude './usr/share/doc/*' --exclude './usr/share/man/*' --exclude './usr/share/locale/*'
      ;;
  esac
done

loader=$(find "$target/usr/lib" "$target/lib" -name 'ld-linux*.so.*' 2>/dev/null | grep -m1 -- '-linux-gnu' || true)
[ -n "$loader" ] || fail "no loader among the libraries of $suite"
for binary in "$target"/usr/lib/erlang/erts-*/bin/* "$target"/usr/lib/erlang/lib/*/priv/bin/*; do
  if [ -f "$binary" ] && [ ! -L "$binary" ] && patchelf --print-interpreter "$binary" >/dev/null 2>&1; then
    patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$(dirname "$loader")" "$binary"
  fi
done
sed -i "s#^\( *ROOTDIR=\)/usr/lib/erlang#\1$target/usr/lib/erlang#" "$target"/usr/lib/erlang/bin/erl "$target"/usr/lib/erlang/erts-*/bin/erl
"$target/usr/lib/erlang/bin/erl" -noshell -eval 'crypto:info_lib(), halt(0).' || fail "Erlang from $suite does not run here"
echo "RabbitMQ $candidate from $suite"
