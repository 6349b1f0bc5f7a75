#!/usr/bin/env bash
# Builds table.wasm, a component of world `tool`, from tool.js.
#
#   build.sh            writes it to the cache folder and says where
#   build.sh --to FILE  writes it elsewhere
#   build.sh --tools    only gets the toolchain, or says why it cannot be had
#
# Needs node and npm, and `baton` (BATON names another program). The toolchain, as package-lock.json
# pins it, goes to the cache folder: target/lang of the repository, or what BATON_LANG_CACHE names.
set -euo pipefail

to=
tools_only=
case ${1-} in
'') ;;
--to) to=$(realpath -m "${2:?--to takes a file}") ;;
--tools) tools_only=yes ;;
*) echo "build.sh: there is no option $1" >&2; exit 2 ;;
esac

[[ ${BATON-} != */* ]] || BATON=$(realpath "$BATON")
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD
wit=$(realpath ../../../wit)
cache=$(realpath -m "${BATON_LANG_CACHE:-../../../target/lang}")/js
to=${to:-$cache/table.wasm}

missing() { echo "build.sh: $1" >&2; exit 1; }

command -v node >/dev/null || missing 'node is not there (Debian, Ubuntu: apt-get install nodejs npm)'
command -v npm >/dev/null || missing 'npm is not there (Debian, Ubuntu: apt-get install npm)'
node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' ||
    missing "node $(node --version) is too old: 20 is needed"

# What is there already is right if it was made of the same lock file.
mkdir -p "$cache"
if ! cmp -s package-lock.json "$cache/installed.json"; then
    cp package.json package-lock.json "$cache"
    # No package needs a script of its own to be installed.
    (cd "$cache" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2) ||
        missing 'npm could not get the packages'
    cp package-lock.json "$cache/installed.json"
fi
[[ -z $tools_only ]] || exit 0

baton=${BATON:-baton}
command -v "$baton" >/dev/null || { echo "build.sh: $baton is not there (BATON names it)" >&2; exit 1; }

# Without `--disable all` the component would import standard streams, clocks, random numbers and
# HTTP. A tool that needs one of them leaves that one enabled.
"$cache/node_modules/.bin/jco" componentize "$here/tool.js" --wit "$wit" --world-name tool \
    --disable all --out "$cache/bare.wasm" >&2
"$baton" manifest add "$cache/bare.wasm" manifest.json --output "$to"
