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
    throw refused('uneven', `record ${uneven + 1} has ${found} fields, the header ${records[0].length}`, {
      record: uneven + 1,
    });
  }
  return records;
}

function guess(csv) {
  const header = csv.slice(0, csv.search(/[\r\n]|$/));
  return SEPARATORS.find((separator) => header.includes(separator)) ?? ',';
}

/** Splits a text into records of fields. Blank lines are no records. */
function read(csv, separator) {
  const records = [];
  let record = [];
  let field = '';
  let fresh = true; // Nothing of the present field has been seen.
  let at = 0;
  const endField = () => {
    record.push(field);
    field = '';
    fresh = true;
  };
  const endRecord = () => {
    if (fresh && record.length === 0) return;
    endField();
    records.push(record);
    record = [];
  };
  while (at < csv.length) {
    const char = csv[at];
    if (char === separator) {
      endField();
      at += 1;
    } else if (char === '\n' || char === '\r') {
      endRecord();
      at += 1;
    } else if (char === '"' && fresh) {
      [field, at] = quoted(csv, at + 1);
      fresh = false;
    } else {
      field += char;
      fresh = false;
      at += 1;
    }
  }
  endRecord();
  return records;
}

/** The text of a quoted field that begins at `from`, and where it ends. */
function quoted(csv, from) {
  let text = '';
  for (let at = from; at < csv.length; at += 1) {
    if (csv[at] !== '"') {
      text += csv[at];
    } else if (csv[at + 1] === '"') {
      text += '"';
      at += 1;
    } else {
      return [text, at + 1];
    }
  }
  throw refused('unclosed', 'a quoted field has no end');
}

function layout(header, rows, isRight) {
  const escape = (field) => field.replaceAll('|', '\\|').replace(/\r\n|\r|\n/g, '<br>');
  const lines = [header, ...rows].map((record) => record.map(escape));
  // Code points, so that an emoji counts once.
  const length = (text) => [...text].length;
  const widths = header.map((_, column) =>
    Math.max(3, ...lines.map((record) => length(record[column]))),
  );
  const pad = (text, column) => {
    const space = ' '.repeat(widths[column] - length(text));
    return isRight(column) ? space + text : text + space;
  };
  const rule = widths.map((width, column) =>
    isRight(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  const written = lines.map((record) => record.map(pad));
  written.splice(1, 0, rule);
  return written.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
