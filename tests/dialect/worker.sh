#!/bin/sh
# An agent for tests: notes its start, then does what the first word of its prompt says, and answers
# with the prompt. Prompts are plain words.
here=$(dirname "$0")
task=$(cat)
prompt=$(printf '%s' "$task" | sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
echo "${BATON_TASK#*/} $$ $prompt" >> "$here/calls"
set -- $prompt
tokens=0
answer=$prompt
case $1 in
    # Waits until somebody opens the gate.
    hold) until [ -e "$here/gate-$2" ]; do sleep 0.01; done ;;
    open) : > "$here/gate-$2" ;;
    # Waits until so many have come to the same place.
    meet)
        : > "$here/met-$2-$$"
        until [ "$(ls "$here" | grep -c "^met-$2-")" -ge "$3" ]; do sleep 0.01; done
        ;;
    tokens) tokens=$2 ;;
    # Another answer every time.
    vote) answer="vote $$" ;;
    # Changes a file where it works.
    edit) echo changed >> "$2" ;;
    # Where it works, and what is there.
    look) answer=$(echo $(ls -A | grep -v '^\.git$')) ;;
    crash) exit 3 ;;
    # Leaves a process of its own behind, and waits with it.
    nest)
        sleep 1000 &
        echo "nested $! $prompt" >> "$here/calls"
        wait
        ;;
    # Has trouble that may pass, the first time.
    again)
        if [ ! -e "$here/tried-$2" ]; then
            : > "$here/tried-$2"
            echo '{"error":{"kind":"retryable","message":"busy","retry_after_ms":1}}'
            exit
        fi
        ;;
    # Fails the first time.
    flaky) if [ ! -e "$here/tried-$2" ]; then : > "$here/tried-$2"; exit 3; fi ;;
esac
case $task in
    *'"schema":null'*) output="\"$answer\"" ;;
    *) output="{\"answer\":\"$answer\"}" ;;
esac
printf '{"output":%s,"usage":{"output_tokens":%s}}' "$output" "$tokens"
