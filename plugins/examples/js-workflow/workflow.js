// Turns the CSV files of the root into one Markdown document, with the tool of ../js-tool.

import { list, read } from 'baton:runtime/files@0.1.2';
import { log, phase } from 'baton:runtime/report@0.1.2';
import { waitAny } from 'baton:runtime/tasks@0.1.2';
import { spawnTool } from 'baton:runtime/tools@0.1.2';

/** The export of world `workflow`: JSON in, a handoff out; what is thrown becomes the failure. */
export function run(input) {
  const { include = ['**/*.csv'] } = JSON.parse(input) ?? {};
  phase('Tables');
  const { entries } = list({ include, exclude: [], options: '{}' });

  // Every call is a task. All are asked for before the first is waited for, so they run at once.
  const paths = new Map();
  const sections = new Map();
  const failed = [];
  for (const { path } of entries) {
    try {
      paths.set(ask(path), path);
    } catch (error) {
      // What an import calls `err` is thrown as an error with a payload.
      if (!error.payload) throw error;
      failed.push({ path, code: error.payload.code });
    }
  }
  for (const [path, outcome] of ends(paths)) {
    if (outcome.tag === 'ok') {
      sections.set(path, JSON.parse(outcome.val.output).markdown);
    } else {
      log('warn', `${path}: ${outcome.val.message}`);
      failed.push({ path, code: outcome.val.code });
    }
  }
  // In the order of the files, whichever call ended first.
  const written = [...paths.values()].filter((path) => sections.has(path));
  const markdown = written.map((path) => `## ${path}\n\n${sections.get(path)}`).join('\n');
  return {
    summary: `${written.length} tables, ${failed.length} files that are none`,
    output: JSON.stringify({ markdown, failed }),
    evidence: written.map((path) => ({ path, claim: 'was made into a table' })),
    artifacts: [],
    followUps: [],
  };
}

/** Asks for the table of a file; the number of the task. */
function ask(path) {
  const csv = new TextDecoder().decode(read(path).bytes);
  return spawnTool({
    name: 'table/markdown',
    input: JSON.stringify({ csv }),
    options: JSON.stringify({ label: path }),
  });
}

/** Waits for every task, and brings its path and outcome as it ends. */
function* ends(paths) {
  const open = new Set(paths.keys());
  while (open.size > 0) {
    const { task, outcome } = waitAny(BigUint64Array.from(open)).val;
    open.delete(task);
    yield [paths.get(task), outcome];
  }
}
