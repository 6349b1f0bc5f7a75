#include "input.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *at;
    const char *end;
} reader;

static void skip_space(reader *in) {
    while (in->at < in->end && strchr(" \t\r\n", *in->at) != NULL && *in->at != '\0') {
        in->at++;
    }
}

static bool take(reader *in, char expected) {
    skip_space(in);
    if (in->at == in->end || *in->at != expected) {
        return false;
    }
    in->at++;
    return true;
}

// The four digits after `\u`, or -1.
static long code_unit(reader *in) {
    if (in->end - in->at < 4) {
        return -1;
    }
    long unit = 0;
    for (int digit = 0; digit < 4; digit++) {
        char c = *in->at++;
        unit *= 16;
        if (c >= '0' && c <= '9') {
            unit += c - '0';
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            unit += (c | 0x20) - 'a' + 10;
        } else {
            return -1;
        }
    }
    return unit;
}

// The character of an escape after its backslash, or -1; half a pair of surrogates is none.
static long escaped(reader *in) {
    if (in->at == in->end) {
        return -1;
    }
    switch (*in->at++) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'u': break;
    default: return -1;
    }
    long high = code_unit(in);
    if (high < 0xD800 || high > 0xDFFF) {
        return high;
    }
    if (high > 0xDBFF || in->end - in->at < 2 || in->at[0] != '\\' || in->at[1] != 'u') {
        return -1;
    }
    in->at += 2;
    long low = code_unit(in);
    if (low < 0xDC00 || low > 0xDFFF) {
        return -1;
    }
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static char *put_utf8(char *out, long c) {
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

static char *read_string(reader *in) {
    if (!take(in, '"')) {
        return NULL;
    }
    // No escape is shorter than what it stands for.
    char *text = malloc((size_t)(in->end - in->at) + 1);
    if (text == NULL) {
        return NULL;
    }
    char *out = text;
    while (in->at < in->end && *in->at != '"') {
        if (*in->at != '\\') {
            *out++ = *in->at++;
            continue;
        }
        in->at++;
        long c = escaped(in);
        if (c <= 0) {
            free(text);
            return NULL;
        }
        out = put_utf8(out, c);
    }
    if (in->at == in->end) {
        free(text);
        return NULL;
    }
    in->at++;
    *out = '\0';
    return text;
}

char *input_string(const char *json, size_t length, const char *name) {
    reader in = {json, json + length};
    char *found = NULL;
    bool more = take(&in, '{');
    while (more) {
        char *key = read_string(&in);
        char *value = key != NULL && take(&in, ':') ? read_string(&in) : NULL;
        bool same = value != NULL && strcmp(key, name) == 0;
        free(key);
        if (value == NULL) {
            free(found);
            return NULL;
        }
        if (same) {
            free(found);
            found = value;
        } else {
            free(value);
        }
        more = take(&in, ',');
    }
    return found;
}
