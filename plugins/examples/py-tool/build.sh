#!/usr/bin/env bash
# Builds text-diff.wasm, a component of world `tool`, from tool.py.
#
#   build.sh            writes it to the cache folder and says where
#   build.sh --to FILE  writes it elsewhere
#   build.sh --tools    only gets the toolchain, or says why it cannot be had
#
# Needs Python 3.10 with venv and pip, and `baton` (BATON names another program). The toolchain, as
# requirements.txt pins it, goes to the cache folder: target/lang of the repository, or what
# BATON_LANG_CACHE names.
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
wit=$(realpath ../../../wit)
cache=$(realpath -m "${BATON_LANG_CACHE:-../../../target/lang}")/py
to=${to:-$cache/text-diff.wasm}

missing() { echo "build.sh: $1" >&2; exit 1; }

command -v python3 >/dev/null || missing 'python3 is not there'
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    missing "$(python3 --version) is too old: 3.10 is needed"

# What is there already is right if it was made of the same list.
mkdir -p "$cache"
if ! cmp -s requirements.txt "$cache/installed.txt"; then
    python3 -m venv --clear "$cache/venv" >&2 ||
        missing 'python3 cannot make a venv (Debian, Ubuntu: apt-get install python3-venv)'
    "$cache/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
        --require-hashes --requirement requirements.txt >&2 || missing 'pip could not get the packages'
    cp requirements.txt "$cache/installed.txt"
fi
[[ -z $tools_only ]] || exit 0

baton=${BATON:-baton}
command -v "$baton" >/dev/null || { echo "build.sh: $baton is not there (BATON names it)" >&2; exit 1; }

# A folder that holds the source alone: everything in it becomes part of the component, and Python
# writes its caches there.
rm -rf "$cache/app"
mkdir "$cache/app"
cp tool.py "$cache/app"
(cd "$cache/app" && "$cache/venv/bin/componentize-py" --quiet --wit-path "$wit" --world tool \
    componentize tool --python-path . --output "$cache/bare.wasm" >&2)
"$baton" manifest add "$cache/bare.wasm" manifest.json --output "$to"
