#!/bin/sh
# Stands for a coding agent: does what the test wrote into the granted directory.
exec /bin/sh ./src/agent.sh "$@"
