#!/usr/bin/env bash
# Builds tables.wasm, a component of world `workflow`, from workflow.js, with the toolchain of
# ../js-tool. The options and variables are those of ../js-tool/build.sh.
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
cache=$(realpath -m "${BATON_LANG_CACHE:-../../../target/lang}")/js
to=${to:-$cache/tables.wasm}

../js-tool/build.sh --tools
[[ -z $tools_only ]] || exit 0

baton=${BATON:-baton}
command -v "$baton" >/dev/null || { echo "build.sh: $baton is not there (BATON names it)" >&2; exit 1; }

"$cache/node_modules/.bin/jco" componentize workflow.js --wit ../../../wit --world-name workflow \
    --disable all --out "$cache/bare-workflow.wasm" >&2
"$baton" manifest add "$cache/bare-workflow.wasm" manifest.json --output "$to"
