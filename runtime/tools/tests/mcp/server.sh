#!/bin/sh
# A server of the Model Context Protocol, as far as tests need one. The first argument is a folder
# for its traces.
echo $$ >> "$1/starts"
say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
text() { say "{\"content\":[{\"type\":\"text\",\"text\":\"$1\"}]}"; }
while read -r line; do
    id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
    case $line in
    *'"initialize"'*)
        [ -e "$1/mute" ] && continue
        info='"serverInfo":{"name":"sh","version":"1"}'
        say "{\"protocolVersion\":\"2025-06-18\",\"capabilities\":{\"tools\":{}},$info}"
        ;;
    *'"tools/list"'*) say '{"tools":[{"name":"say","inputSchema":{}}]}' ;;
    *'"tools/call"'*)
        case $line in
        *'"say"'*) text "$$" ;;
        *'"where"'*)
            context=$(printf '%s' "$line" | sed -n 's/.*"_meta":{[^}]*"traceparent":"\([^"]*\)".*/\1/p')
            text "$(pwd) $TOKEN $PLAIN ${CARGO_MANIFEST_DIR-unset} $context"
            ;;
        *'"last"'*)
            text last
            exit 0
            ;;
        *'"die"'*)
            echo 'out of luck' >&2
            exit 9
            ;;
        *'"hang"'*)
            sleep 3600 &
            echo $! >> "$1/starts"
            echo >> "$1/hangs"
            ;;
        esac
        ;;
    esac
done
