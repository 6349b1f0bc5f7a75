#!/usr/bin/env bash
# Builds measure.wasm, a component of world `tool`, from tool.c and input.c.
#
#   build.sh            writes it to the cache folder and says where
#   build.sh --to FILE  writes it elsewhere
#   build.sh --tools    only says whether everything needed is there
#
# Needs clang, lld and the headers of wasi-libc, the linker for components that comes with the Rust
# toolchain (and with wasi-sdk), and `baton` (BATON names another program). The cache folder is
# target/lang of the repository, or what BATON_LANG_CACHE names.
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
cache=$(realpath -m "${BATON_LANG_CACHE:-../../../target/lang}")/c
to=${to:-$cache/measure.wasm}

missing() {
    echo "build.sh: $1" >&2
    echo '  on Debian or Ubuntu: apt-get install --no-install-recommends clang lld wasi-libc' >&2
    exit 1
}

# The newest of `$1` and `$1-N`.
newest() {
    local found
    found=$(compgen -c | grep -E "^$1(-[0-9]+)?$" | sort -t- -k2 -V | tail -n 1) || true
    [[ -n $found ]] || return 1
    command -v "$found"
}

clang=$(command -v clang || newest clang) || missing 'clang is not there'
linker=$(command -v wasm-ld || newest wasm-ld) || missing 'wasm-ld is not there'
sysroot=${WASI_SYSROOT:-/usr}
[[ -f $sysroot/include/wasm32-wasi/stdlib.h ]] ||
    missing "there are no headers of wasi-libc in $sysroot (WASI_SYSROOT names another place)"
"$clang" --print-targets 2>/dev/null | grep -q wasm32 || missing "$clang cannot compile for WebAssembly"
componentizer=$(command -v wasm-component-ld || true)
if [[ -z $componentizer ]] && command -v rustc >/dev/null; then
    host=$(rustc -vV | sed -n 's/^host: //p')
    componentizer=$(rustc --print sysroot)/lib/rustlib/$host/bin/wasm-component-ld
fi
[[ -x $componentizer ]] || missing 'wasm-component-ld is not there (rustup installs it, wasi-sdk has it)'
[[ -z $tools_only ]] || exit 0

baton=${BATON:-baton}
command -v "$baton" >/dev/null || { echo "build.sh: $baton is not there (BATON names it)" >&2; exit 1; }

mkdir -p "$cache"
flags=(--target=wasm32-wasi "--sysroot=$sysroot" -isystem "$sysroot/include/wasm32-wasi")
objects=()
for source in tool.c input.c bindings/tool.c; do
    object=$cache/${source//\//-}.o
    "$clang" "${flags[@]}" -std=gnu11 -O2 -Wall -Wextra -Werror -c "$source" -o "$object"
    objects+=("$object")
done
# The object with the component's type carries the world into the linker. A library with an entry
# `_initialize` instead of a program with `main`: the exports are called, nothing runs by itself.
library=$sysroot/lib/wasm32-wasi
"$componentizer" --wasm-ld-path "$linker" --wasi-adapter reactor --entry _initialize --strip-all \
    "$library/crt1-reactor.o" "${objects[@]}" bindings/tool_component_type.o \
    -L "$library" -lc -o "$cache/bare.wasm"
"$baton" manifest add "$cache/bare.wasm" manifest.json --output "$to"
