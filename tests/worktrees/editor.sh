#!/bin/sh
# An agent for tests: edits files where it works, as the words of its prompt say, and answers with the
# prompt. Steps are separated by semicolons.
here=$(dirname "$0")
task=$(cat)
prompt=$(printf '%s' "$task" | sed -E 's/.*"prompt":"(([^"\\]|\\.)*)".*/\1/')
echo "$prompt" >> "$here/calls"
set -e
while [ -n "$prompt" ]; do
    step=${prompt%%; *}
    case $prompt in *'; '*) prompt=${prompt#*; } ;; *) prompt= ;; esac
    set -- $step
    case $1 in
        # Makes another line of the line with this number.
        line) sed -i "$3s/.*/line $3 by $4/" "$2" ;;
        new) mkdir -p "$(dirname "$2")"; echo "new by $3" > "$2" ;;
        gone) rm "$2" ;;
        # Many files.
        many) mkdir -p many; for number in $(seq "$2"); do echo "$number" > "many/$number"; done ;;
        commit) git -c user.name=Agent -c user.email=agent@example.org commit --quiet -a -m work ;;
        # Waits until somebody opens the gate.
        hold) : > "$here/held-$2-$$"; until [ -e "$here/gate-$2" ]; do sleep 0.01; done ;;
        fail) exit 3 ;;
    esac
done
printf '{"output":"done"}'
