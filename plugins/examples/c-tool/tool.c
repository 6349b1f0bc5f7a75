// Tool `count`: bytes, lines, words and the checksum of a file.

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bindings/tool.h"
#include "input.h"

typedef struct {
    uint64_t bytes;
    uint64_t lines;
    uint64_t words;
    uint32_t crc32;
} counts;

// Polynomial of CRC-32 (ISO 3309), bits reversed.
#define CRC32_POLYNOMIAL 0xEDB88320u

static uint32_t crc_table[256];

static void fill_crc_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; bit++) {
            rest = rest & 1 ? rest >> 1 ^ CRC32_POLYNOMIAL : rest >> 1;
        }
        crc_table[byte] = rest;
    }
}

// As `wc` counts: a line is ended by a newline, words are parted by white space.
static bool count(FILE *file, counts *result) {
    static unsigned char buffer[64 * 1024];
    uint32_t crc = 0xFFFFFFFFu;
    bool in_word = false;
    size_t size;
    fill_crc_table();
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0) {
        result->bytes += size;
        for (size_t at = 0; at < size; at++) {
            unsigned char c = buffer[at];
            bool space = c == ' ' || (c >= '\t' && c <= '\r');
            result->lines += c == '\n';
            result->words += in_word < !space;
            in_word = !space;
            crc = crc >> 8 ^ crc_table[(crc ^ c) & 0xFF];
        }
    }
    result->crc32 = ~crc;
    return !ferror(file);
}

// Fills in an error; brings false, so that it can be returned.
static bool fail(tool_tool_error_t *error, uint8_t kind, const char *code, const char *message) {
    error->kind = kind;
    // The caller frees these.
    tool_string_dup(&error->code, code);
    tool_string_dup(&error->message, message);
    tool_string_dup(&error->detail, "{}");
    return false;
}

static bool fail_with_errno(tool_tool_error_t *error) {
    switch (errno) {
    case ENOENT:
        return fail(error, BATON_RUNTIME_TYPES_TOOL_ERROR_KIND_FAILED, "not-found",
                    "there is no such file, or it was not granted");
    case EISDIR:
        return fail(error, BATON_RUNTIME_TYPES_TOOL_ERROR_KIND_INVALID_INPUT, "directory",
                    "the path is that of a directory");
    case EACCES:
    case EPERM:
    case ENOTCAPABLE:
        return fail(error, BATON_RUNTIME_TYPES_TOOL_ERROR_KIND_DENIED, "denied",
                    "the file was not granted");
    default:
        return fail(error, BATON_RUNTIME_TYPES_TOOL_ERROR_KIND_FAILED, "io", strerror(errno));
    }
}

// The export of world `tool`.
bool exports_tool_call(tool_string_t *name, tool_json_t *input, tool_json_t *ret,
                       tool_tool_error_t *error) {
    static const char tool[] = "count";
    if (name->len != sizeof tool - 1 || memcmp(name->ptr, tool, name->len) != 0) {
        return fail(error, BATON_RUNTIME_TYPES_TOOL_ERROR_KIND_INVALID_INPUT, "unknown-tool",
                    "the only tool here is `count`");
    }
    char *path = input_string((const char *)input->ptr, input->len, "path");
    if (path == NULL) {
        return fail(error, BATON_RUNTIME_TYPES_TOOL_ERROR_KIND_INVALID_INPUT, "path",
                    "the input has no path, or one with a NUL in it");
    }
    FILE *file = fopen(path, "rb");
    free(path);
    if (file == NULL) {
        return fail_with_errno(error);
    }
    struct stat status;
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        fclose(file);
        errno = EISDIR;
        return fail_with_errno(error);
    }
    counts result = {0};
    bool whole = count(file, &result);
    int problem = errno;
    fclose(file);
    if (!whole) {
        errno = problem;
        return fail_with_errno(error);
    }
    char json[160];
    int length = snprintf(json, sizeof json,
                          "{\"bytes\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"words\":%" PRIu64
                          ",\"crc32\":\"%08" PRIx32 "\"}",
                          result.bytes, result.lines, result.words, result.crc32);
    tool_string_dup_n(ret, json, (size_t)length);
    return true;
}
