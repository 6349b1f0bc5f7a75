#!/bin/sh
# Installs the coding agents that the suite `coding` runs, with npm, into a folder:
#   tests/coding/install.sh FOLDER
#   BATON_TEST_CODING=require BATON_TEST_CODING_DIR=FOLDER cargo test --test coding
# They are other people's programs under their own licences: for tests only, never to be passed on.
# These versions run on Node 20.
set -eu
folder=${1:?usage: install.sh FOLDER}
mkdir -p "$folder"
cd "$folder"
[ -f package.json ] || printf '{"private":true}\n' > package.json
npm install --no-audit --no-fund --save-exact \
  @anthropic-ai/claude-code@2.1.197 \
  @openai/codex@0.169.0 \
  @google/gemini-cli@0.61.0 \
  @agentclientprotocol/claude-agent-acp@0.49.0 \
  @agentclientprotocol/codex-acp@2.6.0
