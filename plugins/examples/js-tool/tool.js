// Tools for tables: reads CSV (RFC 4180) and writes it as a Markdown table.

/** Separators that are tried, in this order, where the caller names none. */
const SEPARATORS = [',', ';', '\t', '|'];

/** The tools, by the names that the manifest gives them. */
const tools = {
  parse({ csv, separator }) {
    const [header, ...rows] = table(csv, separator);
    return { header, rows };
  },

  markdown({ csv, separator, right = [] }) {
    const [header, ...rows] = table(csv, separator);
    const unknown = right.filter((name) => !header.includes(name));
    if (unknown.length > 0) {
      throw refused('unknown-column', `there is no column ${unknown.join(', ')}`, { unknown });
    }
    return {
      markdown: layout(header, rows, (column) => right.includes(header[column])),
      rows: rows.length,
      columns: header.length,
    };
  },
};

/** The export of world `tool`: JSON in, JSON out; what is thrown becomes the `tool-error`. */
export function call(name, input) {
  if (!Object.hasOwn(tools, name)) {
    throw refused('unknown-tool', `there is no tool ${name}`);
  }
  return JSON.stringify(tools[name](JSON.parse(input)));
}

function refused(code, message, detail = {}) {
  return { kind: 'invalid-input', code, message, detail: JSON.stringify(detail) };
}

/** The records of a text, all of the same length; the first is the header. */
function table(csv, separator) {
  const records = read(csv, separator ?? guess(csv));
  if (records.length === 0) {
    throw refused('empty', 'there is no header: the text is empty');
  }
  const uneven = records.findIndex((record) => record.length !== records[0].length);
  if (uneven !== -1) {
    const found = records[uneven].length;
    const message = `record ${uneven + 1} has ${found} fields, the header ${records[0].length}`;
    throw refused('uneven', message, { record: uneven + 1 });
  }
  return records;
}

function guess(csv) {
  const header = csv.slice(0, csv.search(/[\r\n]|$/));
  return SEPARATORS.find((separator) => header.includes(separator)) ?? ',';
}

/** Splits a text into records of fields. Blank lines are no records. */
function read(csv, separator) {
  // Everything up to the next separator or line end. In the sandbox the engine is an interpreter, and
  // one expression over a field costs less than a loop over its characters.
  const code = separator.charCodeAt(0).toString(16).padStart(4, '0');
  const plain = new RegExp(`[^\\r\\n\\u${code}]*`, 'y');
  const records = [];
  let record = [];
  let at = 0;
  while (at < csv.length) {
    const blank = record.length === 0 && isLineEnd(csv[at]);
    if (blank) {
      at += 1;
      continue;
    }
    if (csv[at] === '"') {
      const [field, end] = quoted(csv, at);
      record.push(field);
      at = end;
    } else {
      plain.lastIndex = at;
      record.push(plain.exec(csv)[0]);
      at = plain.lastIndex;
    }
    if (csv[at] === separator) {
      at += 1;
      // A separator at the very end is followed by an empty field.
      if (at < csv.length && !isLineEnd(csv[at])) continue;
      record.push('');
    } else if (at < csv.length && !isLineEnd(csv[at])) {
      const place = `${record.length} of record ${records.length + 1}`;
      throw refused('quote', `text follows the quoted field ${place}`);
    }
    records.push(record);
    record = [];
  }
  return records;
}

function isLineEnd(char) {
  return char === '\n' || char === '\r';
}

/** The text of the quoted field whose quote is at `from`, and where it ends. */
function quoted(csv, from) {
  let end = csv.indexOf('"', from + 1);
  while (end !== -1 && csv[end + 1] === '"') end = csv.indexOf('"', end + 2);
  if (end === -1) {
    throw refused('unclosed', 'a quoted field has no end');
  }
  return [csv.slice(from + 1, end).replaceAll('""', '"'), end + 1];
}

function layout(header, rows, isRight) {
  const special = /[|\r\n]/;
  const escape = (field) =>
    special.test(field) ? field.replaceAll('|', '\\|').replace(/\r\n|\r|\n/g, '<br>') : field;
  const lines = [header, ...rows].map((record) => record.map(escape));
  const widths = header.map((_, column) =>
    lines.reduce((width, record) => Math.max(width, record[column].length), 3),
  );
  const pad = (text, column) => {
    const space = ' '.repeat(widths[column] - text.length);
    return isRight(column) ? space + text : text + space;
  };
  const rule = widths.map((width, column) =>
    isRight(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  const written = lines.map((record) => record.map(pad));
  written.splice(1, 0, rule);
  return written.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
