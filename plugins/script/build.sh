#!/usr/bin/env bash
# Builds runner.wasm, the component that interprets workflow scripts, with runner.sha256 and
# runner.sources, the digest of what it was made of.
#
#   build.sh                writes them here
#   build.sh --to FILE      writes the component only, elsewhere
#   build.sh --check-tools  says whether everything needed is there
#
# Needs the Rust toolchain of ../../rust-toolchain.toml with its target wasm32-wasip2, and clang
# with the headers of wasi-libc. Whoever does not change the runner does not need this: the built
# component is committed.
set -euo pipefail

to=
tools_only=
case ${1-} in
'') ;;
--to) to=$(realpath -m "${2:?--to takes a file}") ;;
--check-tools) tools_only=yes ;;
*) echo "build.sh: there is no option $1" >&2; exit 2 ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")"
here=$PWD

missing() {
    echo "build.sh: $1" >&2
    echo "  on Debian or Ubuntu: apt-get install --no-install-recommends clang lld llvm wasi-libc libclang-rt-dev-wasm32" >&2
    exit 1
}

# The newest of `$1` and `$1-N`.
newest() {
    local found
    found=$(compgen -c | grep -E "^$1(-[0-9]+)?$" | sort -t- -k2 -V | tail -n 1) || true
    [[ -n $found ]] || return 1
    command -v "$found"
}

clang=$(command -v clang || newest clang) || missing "clang is not there"
archiver=$(command -v llvm-ar || newest llvm-ar) || missing "llvm-ar is not there"
sysroot=${WASI_SYSROOT:-/usr}
headers=$sysroot/include/wasm32-wasi
[[ -f $headers/stdlib.h ]] || missing "there are no headers of wasi-libc in $headers (WASI_SYSROOT names another place)"
"$clang" --print-targets 2>/dev/null | grep -q wasm32 || missing "$clang cannot compile for WebAssembly"

[[ -z $tools_only ]] || exit 0

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$(cd ../.. && pwd)/target/script}
registry=${CARGO_HOME:-$HOME/.cargo}
rust=$(rustc --print sysroot)

# Without this the build of QuickJS fetches a compiler from the network.
export RQUICKJS_SYS_NO_WASI_SDK=1
export CC_wasm32_wasip2=$clang
export AR_wasm32_wasip2=$archiver
export CFLAGS_wasm32_wasip2="--target=wasm32-wasi --sysroot=$sysroot -isystem $headers -include $here/runner/quickjs-stack.h \
-ffile-prefix-map=$here=/script -ffile-prefix-map=$CARGO_TARGET_DIR=/build -ffile-prefix-map=$registry=/cargo"
# No path of the machine that builds may be part of the component.
flags=("--remap-path-prefix=$here=/script" "--remap-path-prefix=$rust=/rust")
for sources in "$registry"/registry/src/*/; do
    flags+=("--remap-path-prefix=${sources%/}=/crates")
done
flags+=("-Clink-arg=-zstack-size=1048576")
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "${flags[@]}")
export CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS%$'\x1f'}
export SOURCE_DATE_EPOCH=0

cargo build --locked ${OFFLINE:+--offline} --release --target wasm32-wasip2 --package baton-script-runner

built=$CARGO_TARGET_DIR/wasm32-wasip2/release/baton_script_runner.wasm
if grep -aqF -e "$here" -e "$registry" -e "$CARGO_TARGET_DIR" "$built"; then
    echo "build.sh: a path of this machine is in the component" >&2
    exit 1
fi
if [[ -n $to ]]; then
    cp "$built" "$to"
    exit 0
fi
cp "$built" runner.wasm
sha256sum runner.wasm | cut -d ' ' -f 1 >runner.sha256
# A test compares it, so that nobody changes a source and forgets to build.
(cd ../.. && find wit plugins/script/source plugins/script/runner plugins/script/Cargo.toml plugins/script/Cargo.lock \
    -type f -not -path '*/tests/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) |
    sha256sum | cut -d ' ' -f 1 >runner.sources
echo "runner.wasm: $(stat -c %s runner.wasm) bytes, sha256:$(cat runner.sha256)"
